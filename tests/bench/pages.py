def write(*a, **k):
    pass


def table(r):
    return ""


def verdicts(r):
    return ""

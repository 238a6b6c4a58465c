#!/bin/sh
# The job as a loop of curl and jq, one environment after the other. Takes the same listing as script.py.
set -eu
umask 077

fleet=$1
docbits=$(jq -r .docbits "$fleet")
ca=$(jq -r .ca "$fleet")
mappings=$(jq -r .mappings "$fleet")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Secrets reach curl through its standard input: a command line can be read by everyone on the machine.
call() { curl --silent --show-error --fail --cacert "$ca" "$@"; }
as_client() { printf 'user = "%s:%s"\n' "$(field ci)" "$(field cs)"; }
as_user() { printf 'header = "Authorization: Bearer %s"\n' "$token"; }
as_organisation() { printf 'header = "X-API-KEY: %s"\n' "$api_key"; }
field() { jq -r ".$1" "$ionapi"; }
docbits_call() {
  path=$1
  shift
  as_organisation | call --config - "$@" "$docbits/$path"
}
list() { docbits_call configurations/get_configurations --request POST; }
configure() {
  operation=$1 title=$2 document_type=$3
  shift 3
  if ! jq -e --arg title "$title" '.data | any(.title == $title)' "$work/before" >/dev/null; then
    docbits_call "configurations/$operation" --form "title=$title" --form "doc_type=$document_type" --form on_permise=false --form zugferd=false \
      --form "ion_api=@$ionapi;filename=docbits.ionapi" "$@" >/dev/null
  fi
}
read_back() {
  docbits_call "configurations/download/$(jq -r --arg title "$1" '.data[] | select(.title == $title).id' "$work/after")?type=$2" >"$work/file"
  cmp -s "$work/file" "$3"
}

jq -r '.environments[] | [.ionapi, .api_key] | @tsv' "$fleet" | while IFS="$(printf '\t')" read -r ionapi api_key; do
  token_url=$(field pu)$(field ot)
  gateway=$(field iu)/$(field ti)
  { as_client && printf 'data-urlencode = "username=%s"\ndata-urlencode = "password=%s"\n' "$(field saak)" "$(field sask)"; } \
    | call --config - --data grant_type=password --data-urlencode "scope=$(jq -r '.sc | join(" ")' "$ionapi")" "$token_url" >"$work/token"
  token=$(jq -r .access_token "$work/token")
  messaging=IONSERVICES/api/ion/messaging/service
  for path in ifsservice/usermgt/v2/users/me IDM/api/datamodel/entities $messaging/ping $messaging/v3/lid%3A%2F%2Finfor.ims.docbits/acceptedDocuments; do
    as_user | call --config - "$gateway/$path" >/dev/null
  done

  list >"$work/before"
  docbits_call document_type/get_document_types >/dev/null
  configure configure_idm_export "Delivery notes to IDM" DELIVERY_NOTE --form "idm_mapping=@$mappings/idm.properties"
  configure configure_ion_export "Invoices to IDM and ION" INVOICE --form "idm_mapping=@$mappings/idm.properties" --form "bod_mapping=@$mappings/bod.properties"
  list >"$work/after"
  read_back "Delivery notes to IDM" IDM_MAPPING "$mappings/idm.properties"
  read_back "Delivery notes to IDM" ION_API "$ionapi"
  read_back "Invoices to IDM and ION" IDM_MAPPING "$mappings/idm.properties"
  read_back "Invoices to IDM and ION" BOD_MAPPING "$mappings/bod.properties"
  read_back "Invoices to IDM and ION" ION_API "$ionapi"
  for document_type in DELIVERY_NOTE INVOICE; do
    docbits_call configurations/validate_export_configuration --data "doc_type=$document_type" >/dev/null
  done
done

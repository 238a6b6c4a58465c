-- Copyright (c) the docbits.ion contributors
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later

-- Infor and DocBits for the job of the benchmark and nothing else, in one nginx worker: the answers that the simulator gave
-- (answers.lua, written by server.py), and the state of each environment. Every other request is refused, so that the run counts as failed.

local ffi = require "ffi"
ffi.cdef "int getppid(void);"

local recorded = dofile(ngx.config.prefix() .. "answers.lua")
local latency = { infor = 0, docbits = 0 }
local apps, accounts, tokens, organisations = {}, {}, {}, {}
local journal, last_id = {}, 1000

local function answer(status, body, content_type)
    ngx.status = status
    ngx.header["Content-Type"] = content_type or "application/json"
    ngx.header["Content-Length"] = #body
    ngx.print(body)
    return ngx.exit(ngx.OK)
end

local function refuse(status)
    return answer(status, '{"detail": "refused"}')
end

local function body_of_request()
    ngx.req.read_body()
    return ngx.req.get_body_data() or ""
end

-- The parts of a multipart form by name.
local function multipart()
    local body = body_of_request()
    local delimiter = "--" .. (ngx.var.content_type or ""):match('boundary="?([^";]+)')
    local parts, start = {}, 1
    while true do
        local head_end = select(2, body:find("\r\n\r\n", start, true))
        if not head_end then
            return parts
        end
        local name = body:sub(start, head_end):match('[; ]name="([^"]+)"')
        local stop = body:find("\r\n" .. delimiter, head_end - 1, true)
        parts[name], start = body:sub(head_end + 1, stop - 1), stop + 2
    end
end

local function form()
    ngx.req.read_body()
    return ngx.req.get_post_args()
end

local function base64url(text)
    return (ngx.encode_base64(text, true):gsub("[+/]", { ["+"] = "-", ["/"] = "_" }))
end

local function filled(template, values)
    return (template:gsub("@(%u+)@", values))
end

-- Infor

local function login(tenant)
    local sent, basic = form(), ngx.decode_base64((ngx.var.http_authorization or ""):match "^Basic (.+)$" or "") or ""
    local client, secret = basic:match "^(.-):(.*)$"
    local app, account = apps[client or ""], accounts[sent.username or ""]
    ngx.ctx.login = sent.grant_type == "password"
    if not app or app.secret ~= secret or app.tenant ~= tenant or not account or account.sask ~= sent.password or account.tenant ~= tenant then
        return refuse(400)
    end
    local id = #tokens + 1
    local values = { TENANT = tenant, CLIENT = client, ACCOUNT = sent.username, NUMBER = tostring(id), EXPIRES = tostring(ngx.time() + 7200) }
    -- Nobody verifies the signature, and making one takes longer than everything else here.
    local token = recorded.token_head .. "." .. base64url(filled(recorded.claims, values)) .. "." .. recorded.signature
    tokens[id], tokens[token] = true, tenant
    return answer(200, filled(recorded.token, { TOKEN = token, REFRESH = "refresh" .. id }))
end

function infor()
    ngx.ctx.service = "infor"
    if latency.infor > 0 then
        ngx.sleep(latency.infor)
    end
    local tenant, rest = ngx.var.uri:match "^/([^/]+)/(.+)$"
    if rest == "as/token.oauth2" then
        return login(tenant)
    end
    ngx.ctx.write = ngx.req.get_method() ~= "GET"
    if not recorded.gateway[rest or ""] then
        return refuse(404)
    elseif tokens[(ngx.var.http_authorization or ""):match "^Bearer (.+)$" or ""] ~= tenant then
        return refuse(401)
    end
    return answer(200, recorded.gateway[rest])
end

-- DocBits

local function list(organisation)
    local records = {}
    for index, export in ipairs(organisation) do
        records[index] = export.record
    end
    return answer(200, recorded.list_head .. table.concat(records, ", ") .. recorded.list_tail)
end

local function with_id(organisation, id)
    for _, export in ipairs(organisation) do
        if export.id == id then
            return export
        end
    end
end

local function update(export, parts, template)
    for name, content in pairs(parts) do
        export.files[name] = content
    end
    return answer(200, filled(template.answer, { ID = export.id }))
end

local function configure(organisation, operation)
    local parts, template = multipart(), recorded.created[operation]
    ngx.ctx.write = true
    local export = with_id(organisation, parts.config_id)
    if export and template then
        return update(export, parts, template)
    end
    if not template or parts.title ~= template.title or parts.doc_type ~= template.doc_type or not parts.ion_api then
        return refuse(400)
    end
    last_id = last_id + 1
    local id = { ID = tostring(last_id) }
    local export = { id = id.ID, record = filled(template.record, id), doc_type = parts.doc_type, files = parts }
    organisation[#organisation + 1] = export
    return answer(200, filled(template.answer, id))
end

local function download(organisation, id)
    local export = with_id(organisation, id)
    local content = export and export.files[(ngx.var.arg_type or ""):lower()]
    return content and answer(200, content, "application/octet-stream") or refuse(400)
end

local function validate(organisation)
    local doc_type = form().doc_type
    for _, export in ipairs(organisation) do
        if export.doc_type == doc_type then
            return answer(200, recorded.validated)
        end
    end
    return refuse(400)
end

function docbits()
    ngx.ctx.service = "docbits"
    if latency.docbits > 0 then
        ngx.sleep(latency.docbits)
    end
    local path = ngx.var.uri
    if path == "/openapi.json" then
        return answer(200, recorded.contract)
    end
    local organisation = organisations[ngx.var.http_x_api_key or ""]
    if not organisation then
        return refuse(401)
    elseif path == "/configurations/get_configurations" then
        return list(organisation)
    elseif path == "/document_type/get_document_types" then
        return answer(200, recorded.document_types)
    elseif path == "/configurations/validate_export_configuration" then
        return validate(organisation)
    end
    local id = path:match "^/configurations/download/(%d+)$"
    if id then
        return download(organisation, id)
    end
    return configure(organisation, path:match "^/configurations/(configure_[%w_]+)$" or "")
end

function journaled()
    local context = ngx.ctx
    if context.service then
        local row = { context.service, ngx.var.connection, ngx.status, context.login and 1 or 0, context.write and 1 or 0 }
        journal[#journal + 1] = table.concat(row, " ")
    end
end

-- What the benchmark itself calls; not journaled.

local BY_HAND = "IF_BY_HAND=By hand\n"

-- What a person does in the web console: removes the first export, or changes its mapping.
local function edit(sent)
    local organisation = organisations[sent.api_key]
    if sent.edit == "remove" then
        table.remove(organisation, 1)
    else
        local files = organisation[1].files
        files.idm_mapping = files.idm_mapping .. BY_HAND
    end
end

-- How many organisations do not have this many exports, or have an edit.
local function edited(sent)
    local count = 0
    for _, organisation in pairs(organisations) do
        local differs = #organisation ~= tonumber(sent.exports)
        for _, export in ipairs(organisation) do
            differs = differs or (export.files.idm_mapping or ""):find(BY_HAND, 1, true)
        end
        count = count + (differs and 1 or 0)
    end
    return tostring(count)
end

local controls = {
    ["/_sim/app"] = function(sent) apps[sent.client_id] = sent end,
    ["/_sim/account"] = function(sent) accounts[sent.saak] = sent end,
    ["/_sim/organisation"] = function(sent) organisations[sent.api_key] = {} end,
    ["/_sim/edit"] = edit,
    ["/_sim/edited"] = edited,
    ["/_sim/latency"] = function(sent) latency = { infor = sent.infor / 1000, docbits = sent.docbits / 1000 } end,
    ["/_sim/clear"] = function() journal = {} end,
    ["/_sim/journal"] = function() return table.concat(journal, "\n") end,
}

function control()
    local text = controls[ngx.var.uri](form())
    return answer(200, text or "", "text/plain")
end

function watch()
    local parent = ffi.C.getppid()
    ngx.timer.every(1, function()
        if ffi.C.getppid() ~= parent then
            os.exit(1)
        end
    end)
end

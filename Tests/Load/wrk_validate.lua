-- Asks about one pairing token again and again; wrk's own arguments are followed by the body. With a number behind it, for
-- so many devices in turn, whose names end in the request's number instead of the body's "phone-1".
dofile((debug.getinfo(1, "S").source:match("^@(.*/)") or "") .. "wrk_report.lua")

local headers = { ["Content-Type"] = "application/json" }
local requests, sent = {}, 0

function init(arguments)
  for number = 1, tonumber(arguments[2] or 1) do
    local body = arguments[1]:gsub('"phone%-1"', string.format('"phone-%d"', number))
    requests[number] = wrk.format("POST", nil, headers, body)
  end
end

function request()
  sent = sent % #requests + 1
  return requests[sent]
end

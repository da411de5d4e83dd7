-- Registers one phone a request: each line of the file named after wrk's own arguments is a body, used once. Past the
-- last line the last is sent again, which the server refuses and the report counts as an error.
dofile((debug.getinfo(1, "S").source:match("^@(.*/)") or "") .. "wrk_report.lua")

local headers = { ["Content-Type"] = "application/json" }
local bodies, sent = {}, 0

function init(arguments)
  for line in io.lines(arguments[1]) do bodies[#bodies + 1] = line end
end

function request()
  sent = sent + 1
  return wrk.format("POST", nil, headers, bodies[math.min(sent, #bodies)])
end

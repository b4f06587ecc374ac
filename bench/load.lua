-- Requests in the order of a file, as browsers send them over connections that stay open.
--
-- LOAD_REQUESTS  lines of "method TAB path TAB cookie TAB further headers, parted by |"
-- LOAD_WORK      turns of a loop for each answer. A client that is busy with answers never sleeps; one that sleeps makes the
--                server pay for waking it, 5 to 8 µs an answer on a virtual machine, which no server with real clients pays.
-- LOAD_THINK_MS  how long each connection waits before a request, on the average, exponentially; none without it.

local browser = "Host: localhost\r\n"
  .. "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
  .. "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n"
  .. "Accept-Language: en-GB,en;q=0.7,de;q=0.3\r\n"
  .. "Accept-Encoding: gzip, deflate\r\n"
  .. "Upgrade-Insecure-Requests: 1\r\nSec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Site: same-origin\r\n"
  .. "Priority: u=0, i\r\n"

local work = tonumber(os.getenv("LOAD_WORK") or "0")
local think_ms = tonumber(os.getenv("LOAD_THINK_MS") or "0")
local expected = tonumber(os.getenv("LOAD_STATUS") or "200")
local requests, count, at, sink = {}, 0, 0, 0
threads, wrong = {}, 0

function setup(thread) table.insert(threads, thread) end

function init()
  math.randomseed(tonumber(os.getenv("LOAD_SEED") or "1"))
  for line in io.lines(os.getenv("LOAD_REQUESTS")) do
    local method, path, cookie, more = line:match("^(%S+)\t(%S+)\t([^\t]*)\t(.*)$")
    local head = method .. " " .. path .. " HTTP/1.1\r\n" .. browser
    if cookie ~= "" then head = head .. "Cookie: " .. cookie .. "\r\n" end
    for header in more:gmatch("[^|]+") do head = head .. header .. "\r\n" end
    count = count + 1
    requests[count] = head .. "\r\n"
  end
end

function request()
  at = at % count + 1
  return requests[at]
end

if think_ms > 0 then
  function delay() return math.floor(0.5 - math.log(1 - math.random()) * think_ms) end
end

if think_ms == 0 then
  function response(status)
    if status ~= expected then wrong = wrong + 1 end
    for turn = 1, work do sink = sink + math.sin(turn) end
  end
end

function done(summary, latency)
  local errors = summary.errors
  local bad = errors.connect + errors.read + errors.write + errors.timeout
  if think_ms > 0 then bad = bad + errors.status end
  for _, thread in ipairs(threads) do bad = bad + (thread:get("wrong") or 0) end
  io.write(string.format('\n{"requests": %d, "bad": %d, "seconds": %.6f, "p50_us": %d, "p99_us": %d, "max_us": %d}\n',
    summary.requests, bad, summary.duration / 1e6, latency:percentile(50), latency:percentile(99), latency.max))
end

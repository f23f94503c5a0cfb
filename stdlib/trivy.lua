--- Reads what trivy says of an image, as `trivy image --format json` prints it (schema 2, since trivy 0.20).
-- It runs nothing: the library vulnerabilities does.

local json = require "json"

local trivy = {}

--- The severities in trivy's words, the worst first.
trivy.severities = { "critical", "high", "medium", "low", "unknown" }

--- The command that looks for vulnerabilities in an image.
-- Of what a file trivy.yaml or the environment (TRIVY_*) may say otherwise, what is often set is spelt out: fewer severities would be counted
-- as none, and an exit code for what was found as a scan that failed. Who runs it where these set output, pkg-types, ignore-status or
-- exit-on-eol gets what they say.
-- @param image  its name
-- @return       list: the program and its arguments
-- @usage host.run(trivy.argv("nginx:1.29"), { timeout = "5m" })
function trivy.argv(image)
  return {
    "trivy", "image", "--quiet", "--format", "json", "--scanners", "vuln", "--severity", "UNKNOWN,LOW,MEDIUM,HIGH,CRITICAL", "--ignore-unfixed=false",
    "--exit-code", "0", image,
  }
end

--- What a report says of a distribution whose time is over.
-- @param os?  the OS of trivy's metadata, or the os of an operator's report; nil where none was found in the image
-- @return     its name and version, nil if it is supported, or nothing is said of that
-- @usage trivy.unsupported({ Family = "debian", Name = "9", EOSL = true })
function trivy.unsupported(os)
  if type(os) ~= "table" or not (os.EOSL or os.eosl) then return nil end
  local name = ("%s %s"):format(os.Family or os.family or "", os.Name or os.name or ""):match("^%s*(.-)%s*$")
  return name ~= "" and name or "its distribution"
end

-- A list that should be there, as one: text in its place is no report.
local function list(of, field)
  local value = of[field]
  if value == nil then return {} end
  if type(value) ~= "table" or (next(value) ~= nil and value[1] == nil) then error({ code = "invalid", message = field .. " is no list" }, 0) end
  return value
end

local function add(counts, document)
  local looked = false
  for _, result in ipairs(list(document, "Results")) do
    looked = looked or result.Class == "os-pkgs" or result.Class == "lang-pkgs"
    for _, found in ipairs(list(result, "Vulnerabilities")) do
      local severity = tostring(found.Severity or ""):lower()
      if not counts[severity] then severity = "unknown" end
      counts[severity], looked = counts[severity] + 1, true
    end
  end
  return looked
end

--- Counts what trivy found, in all results together: a target may have several.
-- What it was told to ignore, by a file .trivyignore or a VEX document, is not counted. An image in which it knows no packages is not one
-- without vulnerabilities.
-- @param text  what it printed
-- @return      { critical, high, medium, low, unknown, unsupported }: numbers, and the distribution whose time is over, if it is; nil and why where nothing was found out
-- @usage local counts, why = trivy.counts(host.run(trivy.argv("nginx:1.29")).stdout)
function trivy.counts(text)
  local document, err = try(json.decode, text)
  if err then return nil, "the output of trivy cannot be read: " .. err.message end
  if type(document) ~= "table" or document.SchemaVersion == nil then return nil, "the output of trivy is no report of it" end
  local counts = {}
  for _, severity in ipairs(trivy.severities) do counts[severity] = 0 end
  local looked, wrong = try(add, counts, document)
  if wrong then return nil, "the output of trivy is not as it should be: " .. wrong.message end
  if not looked then return nil, "trivy knows no packages in this image, so nothing was looked at" end
  counts.unsupported = trivy.unsupported(type(document.Metadata) == "table" and document.Metadata.OS or nil)
  return counts
end

return trivy

--- What is known to be vulnerable in the images of pods.
--
-- Where the cluster has the Trivy operator, its VulnerabilityReports say it. Where it has not, or has no report of an image, `trivy` on
-- the machine of the run scans the image, if it is installed there: that only looks, so a dry run does it too. Otherwise it is unknown,
-- and why. Nothing is ever said to have no vulnerabilities that nobody has looked at: counts are nil then, and not 0.

local arguments = require "arguments"
local host = require "host"
local images = require "images"
local kubernetes = require "kubernetes"
local time = require "time"
local trivy = require "trivy"

local vulnerabilities = {}

local severities = trivy.severities

-- The kind of the reports, and what the operator writes on them (aquasecurity/trivy-operator, v1alpha1).
local reports_kind = "vulnerabilityreports.aquasecurity.github.io"
local label_kind = "trivy-operator.resource.kind"
local label_name = "trivy-operator.resource.name"
local label_container = "trivy-operator.container.name"

-- Reports of the operator -------------------------------------------------------------------------------------------------------------

-- The reports in namespaces, and why there are no more of them.
local function reports_in(namespaces)
  local all, why = {}, #namespaces == 0 and "no VulnerabilityReports were looked for" or nil
  for _, namespace in ipairs(namespaces) do
    local found, err = try(kubernetes.list, reports_kind, { namespace = namespace })
    if found then
      for _, report in ipairs(found) do all[#all + 1] = report end
    elseif err.code == "invalid" or err.code == "not_found" then
      return {}, "the cluster has no VulnerabilityReports" -- it knows no such kind: nobody installed the operator
    else
      why = "the VulnerabilityReports in " .. namespace .. " could not be read (" .. err.code .. "): " .. err.message
    end
  end
  return all, why
end

-- Whose container a report is about. A name that is too long for a label stands in an annotation.
local function owner_in(report)
  local labels, annotations = report.metadata.labels or {}, report.metadata.annotations or {}
  local kind, name = labels[label_kind], labels[label_name] or annotations[label_name]
  return tostring(kind) .. "/" .. tostring(name) .. "/" .. tostring(labels[label_container])
end

-- What the reports are about: by the digest of an image, and by its name and tag. There may be thousands of each.
local function index_of(reports)
  local index = { by_digest = {}, by_name = {} }
  local function put(in_, key, report)
    in_[key] = in_[key] or {}
    table.insert(in_[key], report)
  end
  for _, report in ipairs(reports) do
    local artifact = report.report and report.report.summary and report.report.artifact or {}
    if artifact.digest then put(index.by_digest, artifact.digest, report) end
    if artifact.repository and artifact.tag then
      local server = report.report.registry and report.report.registry.server
      local place = images.reference((server and server ~= "" and server .. "/" or "") .. artifact.repository).place
      put(index.by_name, place .. ":" .. artifact.tag, report)
    end
  end
  return index
end

-- Points in time of one form, so that their texts are in order.
local function updated(report) return report.report.updateTimestamp or "" end

-- The newest of those that fit.
local function newest(reports, fits)
  local chosen
  for _, report in ipairs(reports or {}) do
    if fits(report) and (not chosen or updated(report) > updated(chosen)) then chosen = report end
  end
  return chosen
end

-- The report that is most surely about an image: by its digest, by its name and its container, by its name alone. The operator knows the
-- digest of an image's configuration; most kubelets know that of its manifest. Where a name stands for several images, it says nothing alone.
local function best(index, image)
  local function any() return true end
  local function own(report) return image.owners[owner_in(report)] end
  local named = image.ref.tag and index.by_name[image.name]
  return newest(index.by_digest[image.manifest or ""], any) or newest(index.by_digest[image.config or ""], any)
    or newest(named, own) or not image.ambiguous and newest(named, any) or nil
end

-- Nobody publishes what is vulnerable in a distribution whose time is over: few findings in it say little.
local function with_os(entry, detail, unsupported)
  entry.unsupported = unsupported
  entry.detail = detail .. (unsupported and "; " .. unsupported .. " is no longer supported: what is newer than that is not found" or "")
  return entry
end

local function from_report(image, report)
  local out = { image = image.image, digest = image.manifest or image.config, source = "report", state = "scanned" }
  for _, severity in ipairs(severities) do out[severity] = report.report.summary[severity .. "Count"] or 0 end
  with_os(out, "VulnerabilityReport " .. report.metadata.name .. " in " .. report.metadata.namespace, trivy.unsupported(report.report.os))
  local at = report.report.updateTimestamp
  if at then out.age = time.now() - time.parse(at) end
  return out
end

-- Trivy on this machine ---------------------------------------------------------------------------------------------------------------

local function unknown(image, source, why)
  return { image = image.image, digest = image.manifest or image.config, source = source, state = "unknown", detail = why }
end

-- What is scanned: what runs, and not what its tag means by now.
local function scannable(image)
  return image.manifest and image.ref.name .. "@" .. image.manifest or image.image
end

local function scan(image, options)
  local name = scannable(image)
  if name:sub(1, 1) == "-" then return unknown(image, "none", "this is no name of an image") end -- and must not become an option
  local ran, err = try(host.run, trivy.argv(name), { timeout = options.timeout or "5m", max_output = 64 * 1024 * 1024 })
  if not ran then return unknown(image, "trivy", err.message) end
  if ran.truncated then return unknown(image, "trivy", "trivy printed more than 64 MiB") end
  local counts, why = trivy.counts(ran.stdout)
  if not counts then return unknown(image, "trivy", why) end
  local out = { image = image.image, digest = image.manifest or image.config, source = "trivy", state = "scanned", age = 0 }
  for _, severity in ipairs(severities) do out[severity] = counts[severity] end
  return with_os(out, "scanned by trivy on this machine", counts.unsupported)
end

-- Answers for the images that no report is about.
local function scan_all(left, options, why)
  if #left == 0 then return {} end
  if not host.which("trivy") then
    local out = {}
    for i, image in ipairs(left) do out[i] = unknown(image, "none", why .. "; trivy is not installed on this machine") end
    return out
  end
  local names = {}
  for i, image in ipairs(left) do names[i] = image.image end
  return (parallel(names, { limit = options.limit or 4 }, function(_, i) return scan(left[i], options) end))
end

-- All together ------------------------------------------------------------------------------------------------------------------------

local known_options = { "namespace", "limit", "timeout" }

local function check(found, namespaces, options)
  local reports, why = reports_in(namespaces)
  local index, out, left, places = index_of(reports), {}, {}, {}
  for i, image in ipairs(found) do
    local report = best(index, image)
    if report then
      out[i] = from_report(image, report)
    else
      left[#left + 1], places[#places + 1] = image, i
    end
  end
  for i, answer in ipairs(scan_all(left, options, why or "there is no VulnerabilityReport of it")) do out[places[i]] = answer end
  return out
end

local function namespaces_of(pods)
  local out, seen = {}, {}
  for _, pod in ipairs(pods) do
    local namespace = pod.metadata.namespace
    if not seen[namespace] then seen[namespace], out[#out + 1] = true, namespace end
  end
  return out
end

--- What is known of each distinct image of pods, init containers included, in the order in which the pods name them.
-- Each entry has: image (as the first pod names it), digest (where a pod has pulled it), source ("report", "trivy" or "none"), state
-- ("scanned" or "unknown"), critical, high, medium, low and unknown (numbers of vulnerabilities by severity, unknown for those that have
-- none yet; all nil if the state is unknown), unsupported (the distribution in the image, if its time is over: few findings say little then),
-- detail (which report, or why it is unknown) and age (seconds since it was scanned).
-- @param pods              as kubernetes.list("pods") returns them
-- @param options?          where to look, and how long
-- @param options.namespace where the reports are, if not where the pods are
-- @param options.limit     how many images trivy scans at once, 4 if not given
-- @param options.timeout   for how long each, "5m" if not given
-- @return                  list of entries
-- @usage for _, image in ipairs(vulnerabilities.of_pods(kubernetes.list("pods"))) do log(image.image .. ": " .. (image.critical or image.detail)) end
function vulnerabilities.of_pods(pods, options)
  options = arguments.options("vulnerabilities.of_pods", options, known_options)
  local namespaces = options.namespace and { options.namespace } or namespaces_of(pods)
  return check(images.of_pods(pods), namespaces, options)
end

--- What is known of images, by their names.
-- @param names             list of names such as "nginx:1.29", or "registry.example.com/team/app@sha256:…"
-- @param options?          where to look, and how long
-- @param options.namespace where reports are looked for; without it they are not
-- @param options.limit     how many images trivy scans at once, 4 if not given
-- @param options.timeout   for how long each, "5m" if not given
-- @return                  list of entries, as of_pods has them
-- @usage vulnerabilities.of_images({ "nginx:1.29" }, { timeout = "10m" })
function vulnerabilities.of_images(names, options)
  options = arguments.options("vulnerabilities.of_images", options, known_options)
  return check(images.of_names(arguments.list("vulnerabilities.of_images: names", names)), options.namespace and { options.namespace } or {}, options)
end

--- Adds up what is known, so that a check can say "unknown" where total.not_scanned > 0.
-- @param found  list of entries, as of_pods returns them
-- @return       { images, scanned, not_scanned, critical, high, medium, low, unknown }: numbers; the severities are nil where no image was scanned
-- @usage vulnerabilities.total(vulnerabilities.of_images({ "nginx:1.29" })).critical
function vulnerabilities.total(found)
  local sum = { images = #found, scanned = 0 }
  for _, image in ipairs(found) do
    if image.state == "scanned" then
      sum.scanned = sum.scanned + 1
      for _, severity in ipairs(severities) do sum[severity] = (sum[severity] or 0) + image[severity] end
    end
  end
  sum.not_scanned = sum.images - sum.scanned
  return sum
end

return vulnerabilities

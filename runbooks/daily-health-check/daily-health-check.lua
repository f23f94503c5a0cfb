--- Daily health check.
-- Says how the compiler service is: its pods, the compilations and errors of the last day, the photonic devices, what pods use, how full
-- their disks are, and which alerts fire. Each number that cannot be had is called unknown, never zero. It changes nothing.
-- Handbook: Health Check Procedures, Daily Health Checks.

local gather     = require "gather"
local health     = require "health"
local kubernetes = require "kubernetes"
local prometheus = require "prometheus"
local report     = require "report"
local selector   = require "selector"
local stats      = require "stats"
local units      = require "units"
local usage      = require "usage"

-- What the service tells of itself. A range is written as seconds, which PromQL takes for any length. A device may tell its status
-- under several sets of labels: it is online if none of them says that it is not. Its uptime is looked at minute by minute, so that
-- scraping it more often at some time does not make that time count for more.
local function queries(window)
  local range = ("[%ds]"):format(window)
  return {
    total           = "sum(increase(photon_compilations_total" .. range .. "))",
    errors          = 'sum(increase(photon_compilations_total{status="error"}' .. range .. "))",
    by_target       = "sum by (target) (increase(photon_compilations_total" .. range .. "))",
    errors_by_target = 'sum by (target) (increase(photon_compilations_total{status="error"}' .. range .. "))",
    devices         = "min by (device_id) (photon_device_status)",
    known_devices   = "count by (device_id, device_type) (last_over_time(photon_device_status" .. range .. "))",
    device_uptime   = "avg_over_time((min by (device_id) (photon_device_status))" .. ("[%ds:1m]"):format(window) .. ")",
  }
end

-- increase() fits what it saw into its window, so a number of compilations seldom comes out whole.
local function count(n) return n and units.count(math.floor(n + 0.5)) or "no data" end

-- Why something could not be found out, for a check's detail.
local function why(err) return err.message end

-- The samples of a vector by the value of one label.
local function by_label(result, label)
  local out = {}
  for _, sample in ipairs(result.samples) do out[sample.labels[label] or ""] = sample end
  return out
end

local function sorted_keys(map)
  local keys = {}
  for key in pairs(map) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

-- A Deployment of which nothing serves is down, one of which a part does is degraded. To have no replicas is down only for the service.
local function check_deployment(checks, deployment, has_to_serve)
  local wanted, available = deployment.spec.replicas or 1, deployment.status.availableReplicas or 0
  local state = "healthy"
  if available == 0 and (wanted > 0 or has_to_serve) then state = "down" elseif available < wanted then state = "degraded" end
  local detail = wanted == 0 and "it is scaled to zero" or ("%d of %d replicas available"):format(available, wanted)
  checks:add("deployment " .. deployment.metadata.name, state, detail)
end

-- What is compiled for, and how much of it fails.
local function by_target(run)
  local answers = run.seen.vectors
  if not answers or answers.by_target.error or answers.errors_by_target.error then return end
  local failed, bars = by_label(answers.errors_by_target, "target"), {}
  for _, sample in ipairs(answers.by_target.samples) do
    local target, n = sample.labels.target or "(none)", sample.value
    local failures = failed[sample.labels.target or ""]
    local share = stats.share(failures and failures.value, n)
    bars[#bars + 1] = { name = target, value = n, text = count(n) .. (share and (", " .. units.percent(share) .. " failed") or "") }
  end
  table.sort(bars, function(a, b) return a.name < b.name end)
  report.bars(bars, { title = "By target" })
end

local function hourly(run)
  local series = run.seen.hourly and run.seen.hourly.series[1]
  if not series then return end
  local seen = series.stats
  local text, without = "no data", seen.missing + seen.nan
  if seen.count > 0 then text = ("min %s, mean %s, max %s"):format(count(seen.min), count(seen.mean), count(seen.max)) end
  if without > 0 then text = text .. (", %d of %d hours without data"):format(without, #series.values) end
  report.sparklines({ { name = "each hour", values = series.values, text = text } }, { title = "Compilations" })
end

local function words(text, separator)
  local out = {}
  for word in text:gmatch("[^" .. separator .. "]+") do out[#out + 1] = word end
  return out
end

-- The file systems that POSIX df -P -k tells of, a line for each path that it was asked for: kilobytes, and the share that is used. Where
-- root has used what is kept for it, less than nothing is free.
local function filesystems(text)
  local out = {}
  for size, used, free in text:gmatch("\n%S+%s+(%d+)%s+(%d+)%s+(%-?%d+)%s+%d+%%%s[^\n]*") do
    size, used, free = tonumber(size) * 1024, tonumber(used) * 1024, tonumber(free) * 1024
    -- As df has it: what is kept for root counts neither as used nor as free.
    out[#out + 1] = { size = size, free = math.max(free, 0), percent = used + free > 0 and 100 * used / (used + free) or 0 }
  end
  return out
end

-- What is known of each path in a pod, in their order: a file system, or { reason }. One command asks for all of them; where it fails each
-- is asked for alone, so that a path that the pod has not hides no other.
local function disks_of(pod, paths)
  local argv = { "df", "-P", "-k" }
  for _, path in ipairs(paths) do argv[#argv + 1] = path end
  local out, err = try(kubernetes.exec, pod, argv, { timeout = "20s" })
  local disks = out and filesystems(out.stdout) or {}
  if #disks == #paths then return disks end
  local each = #paths > 1 and (not err or err.code == "command")
  local reason = err and why(err) or "df printed something else than a table"
  disks = {}
  for i, path in ipairs(paths) do disks[i] = each and disks_of(pod, { path })[1] or { reason = reason } end
  return disks
end

-- Whether a pod can be asked for its disks.
local function is_running(pod) return pod.status.phase == "Running" and not pod.metadata.deletionTimestamp end

-- The disks of each pod of the service that runs, all at once; none where there is no such service.
local function look_at_disks(p)
  local service = kubernetes.get("deployment/" .. p.service, { namespace = p.namespace })
  if not service then return {} end
  local looks, paths, out = {}, words(p.paths, ","), {}
  for _, pod in ipairs(kubernetes.list("pods", { namespace = p.namespace, selector = selector.of(service) })) do
    if is_running(pod) then looks[#looks + 1] = { name = pod.metadata.name, pod = pod } end
  end
  local disks = parallel(looks, function(look) return disks_of(look.pod, paths) end)
  for i, look in ipairs(looks) do
    for j, path in ipairs(paths) do out[#out + 1] = { pod = look.name, path = path, disk = disks[i][j] } end
  end
  return out
end

return runbook {
  summary  = "Check the compiler service: pods, compilations, devices, resources, disks, alerts",
  severity = "P3",
  alerts   = {},
  tags     = { "health", "daily" },

  may = {},

  params = {
    namespace   = { type = "string",   default = "photon-mlir",     help = "namespace of the service" },
    service     = { type = "string",   default = "photon-compiler", help = "Deployment that has to be there and to serve",
                    pattern = "[a-z0-9]([-a-z0-9]*[a-z0-9])?" },
    window      = { type = "duration", default = "24h",             help = "how far back compilations and devices are looked at" },
    error_rate  = { type = "number",   min = 0, max = 100, default = 5,  help = "percent of the compilations that may fail" },
    memory      = { type = "number",   min = 0, max = 100, default = 80, help = "percent of its memory limit that a pod may use" },
    cpu         = { type = "number",   min = 0, max = 100, default = 90, help = "percent of its CPU limit that a pod may use" },
    disk        = { type = "number",   min = 0, max = 100, default = 85, help = "percent of a disk that may be full" },
    paths       = { type = "string",   default = "/var/cache/photon-mlir,/tmp", help = "where the pods' disks are looked at, with commas between" },
  },

  steps = {
    step("Ask everything at once", function(run)
      local p, checks = run.params, health.new()
      local expressions = queries(p.window)
      run.checks = checks
      if p.window < 60 then fail("the window must be at least a minute", "-p window=24h") end
      local here = { namespace = p.namespace }
      run.seen, run.failed = gather.all {
        pods        = function() return kubernetes.list("pods", here) end,
        disks       = function() return look_at_disks(p) end,
        deployments = function() return kubernetes.list("deployments", here) end,
        usage       = function() return kubernetes.top("pods", here) end,
        counts      = function() return prometheus.values { total = expressions.total, errors = expressions.errors } end,
        vectors     = function()
          return prometheus.query_all {
            by_target = expressions.by_target, errors_by_target = expressions.errors_by_target,
            devices = expressions.devices, known_devices = expressions.known_devices, device_uptime = expressions.device_uptime,
          }
        end,
        hourly      = function()
          -- Each point is of the hour before it.
          local hours = math.floor(p.window / 3600)
          if hours == 0 then return false end
          return prometheus.query_range("sum(increase(photon_compilations_total[1h]))", { from = (hours - 1) * 3600 .. "s", step = "1h" })
        end,
        alerts      = function() return prometheus.alerts { state = "firing" } end,
      }
      for _, name in ipairs(sorted_keys(run.failed)) do log("could not ask for " .. name .. ": " .. why(run.failed[name])) end
    end),

    step("Service status", function(run)
      local checks, seen, failed, p = run.checks, run.seen, run.failed, run.params
      if seen.pods then
        report.table(seen.pods, { "name", "ready", "status", "restarts", "age", "ip", "node" })
        for _, pod in ipairs(kubernetes.failing(seen.pods)) do
          checks:add("pod " .. pod.metadata.name, "degraded", kubernetes.trouble(pod).text)
        end
      else
        checks:add("pods", "unknown", why(failed.pods))
      end
      if not seen.deployments then
        checks:add("deployments", "unknown", why(failed.deployments))
        return
      end
      for _, deployment in ipairs(seen.deployments) do
        local is_service = deployment.metadata.name == p.service
        if is_service then run.service = deployment end
        check_deployment(checks, deployment, is_service)
      end
      if not run.service then checks:add("deployment " .. p.service, "down", "it does not exist in " .. p.namespace) end
    end),

    step("Compilations", function(run)
      local checks, p = run.checks, run.params
      local counts = run.seen.counts
      if not counts then
        checks:add("compilations", "unknown", why(run.failed.counts))
        return
      end
      local total, errors = counts.total, counts.errors
      local failures = errors.value
      -- A service that has never failed has no series of failures, which is no gap in what is known of it.
      if errors.state == "no_data" and total.state == "ok" then failures = 0 end
      local rate = stats.share(failures, total.value)
      report.pairs({
        { "Compilations", total.value and count(total.value) or total.reason },
        { "Errors",       failures and count(failures) or errors.reason },
        { "Error rate",   rate and units.percent(rate) or total.value == 0 and "none: nothing was compiled" or "unknown" },
      }, { title = "Last " .. units.duration(p.window) })

      if not total.value then
        checks:add("compilations", "unknown", total.reason)
      elseif total.value == 0 then
        checks:add("compilations", "down", "none in the last " .. units.duration(p.window))
      elseif not failures then
        checks:add("error rate", "unknown", errors.reason)
      else
        checks:above("error rate", rate, { degraded = p.error_rate, unit = "%" })
      end
      by_target(run)
      hourly(run)
    end),

    step("Devices", function(run)
      local checks, answers = run.checks, run.seen.vectors
      if not answers then
        checks:add("devices", "unknown", why(run.failed.vectors))
        return
      end
      local refused = answers.devices.error or answers.known_devices.error or answers.device_uptime.error
      if refused then
        checks:add("devices", "unknown", refused.message)
        return
      end
      local now, known = by_label(answers.devices, "device_id"), by_label(answers.known_devices, "device_id")
      local uptime = by_label(answers.device_uptime, "device_id")
      local rows, online = {}, 0
      for _, id in ipairs(sorted_keys(known)) do
        local sample = now[id]
        local status = "no data"
        if sample and sample.value then
          status = sample.value > 0 and "online" or "offline"
        elseif sample then
          status = "no number"
        end
        if status == "online" then online = online + 1 end
        rows[#rows + 1] = {
          device = id ~= "" and id or "(none)", type = known[id].labels.device_type, status = status,
          uptime = uptime[id] and uptime[id].value and units.percent(100 * uptime[id].value) or "no data",
        }
      end
      report.table(rows, { "device", "type", "status", "uptime" }, { title = "Uptime over the last " .. units.duration(run.params.window) })
      if #rows == 0 then
        checks:add("devices", "unknown", "no device has told its status in the last " .. units.duration(run.params.window))
      end
      for _, row in ipairs(rows) do
        if row.status == "offline" then
          checks:add("device " .. row.device, online == 0 and "down" or "degraded", "offline")
        elseif row.status ~= "online" then
          checks:add("device " .. row.device, "unknown", row.status == "no data" and "it no longer tells its status" or "its status is no number")
        end
      end
      if online > 0 then checks:add("devices", "healthy", ("%d of %d online"):format(online, #rows)) end
    end),

    step("Resource usage", function(run)
      local checks, top = run.checks, run.seen.usage
      if not top then
        checks:add("resource usage", "unknown", why(run.failed.usage))
        return
      end
      usage.report(top)
      usage.check(checks, top, run.params)
      if #top == 0 then checks:add("resource usage", "unknown", "there are no pods in " .. run.params.namespace) end
    end),

    step("Storage usage", function(run)
      local checks, p = run.checks, run.params
      local looks = run.seen.disks
      if not looks then
        checks:add("disks", "unknown", why(run.failed.disks))
        return
      end
      if #looks == 0 then
        checks:add("disks", "unknown", "no pod runs that could be asked")
        return
      end
      local rows, disks = {}, {}
      for i, look in ipairs(looks) do
        local disk, name = look.disk, ("disk of %s in %s"):format(look.path, look.pod)
        rows[i] = { pod = look.pod, path = look.path }
        if disk.reason then
          rows[i].used = "unknown"
          checks:add(name, "unknown", disk.reason)
        else
          rows[i].size, rows[i].used, rows[i].free = units.bytes(disk.size), units.percent(disk.percent), units.bytes(disk.free)
          disks[#disks + 1] = { name = name, percent = disk.percent }
        end
      end
      report.table(rows, { "pod", "path", "size", "used", "free" })
      checks:each_above("disks", disks, function(disk) return disk.name, disk.percent end, { degraded = p.disk, unit = "%" })
    end),

    step("Alerts", function(run)
      local checks, alerts = run.checks, run.seen.alerts
      if not alerts then
        checks:add("alerts", "unknown", why(run.failed.alerts))
        return
      end
      local rows = {}
      for i, alert in ipairs(alerts) do
        rows[i] = { alert = alert.name, severity = alert.labels.severity, summary = alert.annotations.summary }
      end
      report.table(rows, { "alert", "severity", "summary" }, { title = "Firing" })
      for _, alert in ipairs(alerts) do
        checks:add("alert " .. alert.name, "degraded", alert.annotations.summary or "it fires")
      end
    end),

    step("Verdict", function(run)
      run.checks:report()
      run.checks:verdict()
    end),
  },
}

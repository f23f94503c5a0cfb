--- Weekly deep health check.
-- The trends of a week: how much is compiled and how fast, what fails, how long each device was up, how well the cache does, and what is
-- known of the images' vulnerabilities. Each number that cannot be had is called unknown, never zero. It changes nothing.
-- Handbook: Health Check Procedures, Weekly Deep Health Check.

local gather          = require "gather"
local health          = require "health"
local kubernetes      = require "kubernetes"
local prometheus      = require "prometheus"
local report          = require "report"
local stats           = require "stats"
local units           = require "units"
local vulnerabilities = require "vulnerabilities"

-- increase() fits what it saw into its window, so a number of compilations seldom comes out whole.
local function count(n) return units.count(math.floor(n + 0.5)) end

local function why(err) return err.message end

-- Asks for the questions of one subject; what none of them answers is a check of that subject.
local function ask(run, name, reads)
  local found, failed = gather.all(reads)
  local _, err = next(failed)
  if err then run.checks:add(name, "unknown", why(err)) end
  return found, err == nil
end

-- A series as one line: its shape, and what it was in numbers.
local function line(name, series, format)
  local s = series.stats
  if s.count == 0 then return { name = name, values = series.values, text = "no data" } end
  local text = ("min %s, mean %s, max %s, last %s"):format(format(s.min), format(s.mean), format(s.max), format(s.last))
  if s.missing + s.nan > 0 then text = text .. (", %d of %d points without data"):format(s.missing + s.nan, s.count + s.missing + s.nan) end
  return { name = name, values = series.values, text = text }
end

-- A device may tell its status under several sets of labels: it is up if none of them says that it is not. It is looked at minute by
-- minute, so that scraping it more often at some time does not make that time count for more.
local function device_uptime(window)
  return ("avg_over_time((min by (device_id) (photon_device_status))[%ds:1m])"):format(window)
end

-- Of the time in which nobody looked, nothing is known: a device was up for long enough if it was even if it was down then, and not for
-- long enough if it was not even if it was up.
local function check_uptime(checks, name, up, unmeasured, least)
  if up and up >= least and unmeasured > 0 and up * (100 - unmeasured) / 100 < least then
    checks:add(name, "unknown", ("%s while measured, and %s of the time it was not"):format(units.percent(up), units.percent(unmeasured)))
  else
    checks:below(name, up, { degraded = least, unit = "%" })
  end
end

return runbook {
  summary  = "Look at a week: performance, errors, devices, cache, vulnerabilities",
  severity = "P3",
  alerts   = {},
  tags     = { "health", "weekly" },

  may = {},

  params = {
    namespace  = { type = "string",   default = "photon-mlir", help = "namespace of the service" },
    window     = { type = "duration", default = "7d",  help = "how far back to look" },
    step       = { type = "duration", default = "1h",  help = "between two points of a trend" },
    error_rate = { type = "number",   min = 0, max = 100, default = 5,  help = "percent of the compilations that may fail" },
    uptime     = { type = "number",   min = 0, max = 100, default = 99, help = "percent of the time that each device has to be up" },
    hit_rate   = { type = "number",   min = 0, max = 100, default = 60, help = "percent of the compilations that the cache has to know" },
    top        = { type = "integer",  min = 1, max = 50,  default = 5,  help = "how many kinds of errors are shown" },
    scan       = { type = "boolean",  default = true, help = "look for vulnerabilities; without, nothing is said of them" },
  },

  steps = {
    step("Performance trends", function(run)
      run.checks = health.new()
      local p = run.params
      if p.window < 60 then fail("the window must be at least a minute", "-p window=7d") end
      local range = { from = p.window .. "s", step = p.step }
      local found, whole = ask(run, "performance", {
        rate  = function() return prometheus.query_range("sum(rate(photon_compilations_total[5m]))", range) end,
        count = function()
          return prometheus.values {
            total  = ("sum(increase(photon_compilations_total[%ds]))"):format(p.window),
            errors = ('sum(increase(photon_compilations_total{status="error"}[%ds]))'):format(p.window),
            p50    = ("histogram_quantile(0.5, sum by (le) (rate(photon_compilation_duration_seconds_bucket[%ds])))"):format(p.window),
            p95    = ("histogram_quantile(0.95, sum by (le) (rate(photon_compilation_duration_seconds_bucket[%ds])))"):format(p.window),
          }
        end,
      })
      if not whole then return end
      local c = found.count
      local failures = c.errors.value
      if c.errors.state == "no_data" and c.total.state == "ok" then failures = 0 end
      local share = stats.share(failures, c.total.value)
      local function shown(value, format) return value.value and format(value.value) or value.reason end
      report.pairs({
        { "Compilations", shown(c.total, count) },
        { "Error rate",   share and units.percent(share) or "unknown" },
        { "Half are done within", shown(c.p50, units.duration) },
        { "95% are done within",  shown(c.p95, units.duration) },
      }, { title = "Last " .. units.duration(p.window) })
      local series = found.rate.series[1]
      if series then report.sparklines({ line("compilations", series, units.rate) }, { title = "Compilations per second" }) end
      if not c.total.value then
        run.checks:add("compilations", "unknown", c.total.reason)
      elseif c.total.value == 0 then
        run.checks:add("compilations", "down", "none in the last " .. units.duration(p.window))
      elseif not share then
        run.checks:add("error rate", "unknown", c.errors.reason)
      else
        run.checks:above("error rate", share, { degraded = p.error_rate, unit = "%" })
      end
    end),

    step("Top error categories", function(run)
      local p = run.params
      local found, whole = ask(run, "error categories", {
        errors = function()
          return prometheus.query(("topk(%d, sum by (error_type) (increase(photon_compilation_errors_total[%ds])) > 0)"):format(p.top, p.window))
        end,
      })
      if not whole then return end
      local bars = {}
      for i, sample in ipairs(found.errors.samples) do
        bars[i] = { name = sample.labels.error_type or "(none)", value = sample.value, text = count(sample.value) }
      end
      table.sort(bars, function(a, b) return a.value > b.value or a.value == b.value and a.name < b.name end)
      report.bars(bars, { title = "Errors in the last " .. units.duration(p.window) })
    end),

    step("Device uptime", function(run)
      local p = run.params
      local found, whole = ask(run, "devices", {
        uptime = function() return prometheus.query(device_uptime(p.window)) end,
        trend  = function() return prometheus.query_range("min by (device_id) (photon_device_status)", { from = p.window .. "s", step = p.step }) end,
      })
      if not whole then return end
      local missing = {}
      for _, series in ipairs(found.trend.series) do
        local s = series.stats
        missing[series.labels.device_id or ""] = 100 * (s.missing + s.nan) / #series.values
      end
      local rows = {}
      for i, sample in ipairs(found.uptime.samples) do
        local id, up = sample.labels.device_id or "", sample.value and 100 * sample.value
        local name = id ~= "" and id or "(none)"
        rows[i] = { device = name, uptime = units.percent(up), unmeasured = units.percent(missing[id] or 100) }
        check_uptime(run.checks, "device " .. name, up, missing[id] or 100, p.uptime)
      end
      table.sort(rows, function(a, b) return a.device < b.device end)
      report.table(rows, { "device", "uptime", "unmeasured" }, { title = "Uptime while measured, last " .. units.duration(p.window) })
      if #rows == 0 then run.checks:add("devices", "unknown", "no device has told its status in the last " .. units.duration(p.window)) end
    end),

    step("Cache efficiency", function(run)
      local p = run.params
      local found, whole = ask(run, "cache", {
        counts = function()
          return prometheus.values {
            hits   = ("sum(increase(photon_cache_hits_total[%ds]))"):format(p.window),
            misses = ("sum(increase(photon_cache_misses_total[%ds]))"):format(p.window),
          }
        end,
        trend = function() return prometheus.query_range("100 * avg(photon_cache_hit_rate)", { from = p.window .. "s", step = p.step }) end,
      })
      if not whole then return end
      local hits, misses = found.counts.hits, found.counts.misses
      local asked = hits.value and misses.value and hits.value + misses.value
      local rate = stats.share(hits.value, asked)
      report.pairs({
        { "Hits",     hits.value and count(hits.value) or hits.reason },
        { "Misses",   misses.value and count(misses.value) or misses.reason },
        { "Hit rate", rate and units.percent(rate) or (asked and "nothing was asked for" or "unknown") },
      }, { title = "Last " .. units.duration(p.window) })
      local series = found.trend.series[1]
      if series then report.sparklines({ line("hit rate", series, units.percent) }, { title = "Cache hit rate" }) end
      if rate then
        run.checks:below("cache hit rate", rate, { degraded = p.hit_rate, unit = "%" })
      else
        run.checks:add("cache hit rate", "unknown", asked and "nothing was asked for" or hits.value and misses.reason or hits.reason)
      end
    end),

    step("Security", function(run)
      local p = run.params
      if not p.scan then skip("not asked for: -p scan=true looks for vulnerabilities") end
      local found, whole = ask(run, "vulnerabilities", {
        images = function()
          return vulnerabilities.of_pods(kubernetes.list("pods", { namespace = p.namespace }), { namespace = p.namespace })
        end,
      })
      if not whole then return end
      report.table(found.images, { "image", "critical", "high", "medium", "low", "source", "detail" })
      for _, image in ipairs(found.images) do
        if image.state == "unknown" then
          run.checks:add("image " .. image.image, "unknown", image.detail)
        elseif image.critical > 0 then
          run.checks:add("image " .. image.image, "degraded", units.plural(image.critical, "critical vulnerability", "critical vulnerabilities"))
        elseif image.unsupported then
          run.checks:add("image " .. image.image, "degraded", image.unsupported .. " is no longer supported: few findings say little")
        else
          run.checks:add("image " .. image.image, "healthy", "no critical vulnerability")
        end
      end
      if #found.images == 0 then run.checks:add("vulnerabilities", "unknown", "there are no pods in " .. p.namespace) end
    end),

    step("Verdict", function(run)
      run.checks:report()
      run.checks:verdict()
    end),
  },
}

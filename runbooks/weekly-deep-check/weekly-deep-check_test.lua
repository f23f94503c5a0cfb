-- Tests of weekly-deep-check, in the scenarios beside it: runbook test weekly-deep-check
-- Each number is told by hand beside the series that it comes from, in the scenarios.
local test = require "test"

test.case("tells a good week in numbers", { scenario = "scanned" }, function()
  test.expect(test.run(), {
    actions = {}, verdict = "healthy", exit = 0,
    shows = {
      -- 92 a minute for 10,080 minutes, two of them failing.
      "927,360", "2.2%",
      -- 46 of 92 within a second; 95 % are 87.4, which is 5.4 of the 10 between 5 and 30 seconds.
      "1s", "18.5s",
      "10,080", "695,520", "231,840", "75%",
      "no critical vulnerability",
    },
  })
end)

test.case("calls what nobody scanned unknown", { scenario = "unscanned" }, function()
  test.expect(test.run(), { verdict = "unknown", exit = 12, shows_no = "no critical vulnerability" })
  test.expect(test.run { params = { scan = false } }, { verdict = "healthy", exit = 0, steps = { Security = "skipped" } })
end)

test.case("does not call an image sound whose distribution nobody looks after", { world = {
  extends = "scanned", read_only = true,
  host = { commands = { {
    argv = { "trivy", "image", "--quiet", "--format", "json", "--scanners", "vuln", "--severity", "*", "--ignore-unfixed=false", "--exit-code", "0", "*" },
    stdout = '{"SchemaVersion":2,"Metadata":{"OS":{"Family":"debian","Name":"9.13","EOSL":true}},"Results":[{"Class":"os-pkgs"}]}',
  } } },
} }, function()
  test.expect(test.run(), { verdict = "degraded", exit = 10, reason = "debian 9.13 is no longer supported", shows_no = "no critical vulnerability" })
end)

test.case("names everything that was out of order", { scenario = "degraded" }, function()
  test.expect(test.run(), {
    verdict = "degraded", exit = 10,
    -- 46 of 92; 9,360 of 10,080 minutes; 110,880 of 1,018,080.
    shows = { "50%", "92.9%", "10.9%", "1 critical vulnerability", "100% while measured, and 28.4% of the time it was not" },
    -- What nobody watched for 48 of 169 hours may have been up for too short a time.
    reason = { "cache hit rate", "device envise-2", "error rate", "; unknown: device mit-2", "image registry.example/photon/compiler:2.4.1" },
  })
end)

test.case("says nothing of what Prometheus did not answer", { scenario = "prometheus-away" }, function()
  test.expect(test.run(), { verdict = "unknown", exit = 12, shows = "no critical vulnerability", shows_no = { "Hit rate", "0%" } })
end)

test.case("takes the labels of a device together", { world = {
  extends = "scanned", read_only = true,
  prometheus = { series = {
    -- Other labels since 1,008 minutes, and offline since then: up for 9,072 of 10,080.
    { series = 'photon_device_status{device_id="envise-1",device_type="lightmatter"}', values = "1x9072 stale _x1007" },
    { series = 'photon_device_status{device_id="envise-1",device_type="lightmatter",firmware="2"}', values = "_x9073 0x1007" },
  } },
} }, function()
  test.expect(test.run(), { verdict = "degraded", exit = 10, reason = "device envise-1 (90%, degraded below 99%)", shows_no = "100%, degraded" })
  test.expect(test.run { params = { uptime = 90 } }, { verdict = "healthy", exit = 0, shows = "90%, not below 90%" })
end)

test.case("asks for no window in which nothing can be counted", { scenario = "scanned" }, function()
  test.expect(test.run { params = { window = "1s" } }, { exit = 1, error = { message = "at least a minute", hint = "-p window=7d" } })
end)

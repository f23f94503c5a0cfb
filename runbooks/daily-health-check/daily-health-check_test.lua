-- Tests of daily-health-check, in the scenarios beside it: runbook test daily-health-check
-- Each number is told by hand beside the series that it comes from, in the scenarios.
local test = require "test"

test.case("tells a good day in numbers", { scenario = "healthy" }, function()
  test.expect(test.run(), {
    actions = {}, verdict = "healthy", exit = 0, met = {},
    -- 92 a minute for 1,440 minutes, two of them failing; 42 of 43.2 and 31 a minute by target.
    shows = { "132,480", "2,880", "2.2%", "59,040", "44,640", "28,800", "4 of 4 online", "3 of 3 replicas available", "40%" },
  })
end)

test.case("names everything that is not as it should be", { scenario = "degraded" }, function()
  test.expect(test.run(), {
    verdict = "degraded", exit = 10,
    -- 15,840 of 145,440; 1,390 of 1,440 minutes; 1,843 of 2,048 MiB; 1.9 of 2 cores; 9,542,042 of 10,485,760 KiB.
    shows  = { "145,440", "15,840", "10.9%", "96.5%", "90.0%", "95%", "91.0%", "3 of 4 online", "Device envise-2 is offline" },
    reason = { "error rate", "device envise-2", "memory of photon-compiler-", "cpu of photon-compiler-", "disk of /var/cache/photon-mlir", "alert PhotonDeviceOffline" },
  })
end)

test.case("counts through resets and gaps, and calls what is gone unknown", { scenario = "gaps" }, function()
  test.expect(test.run(), {
    verdict = "unknown", exit = 12,
    -- 57,560 + 43,200 + 28,800 good ones, 2,641 + 1,440 failed ones.
    shows  = { "133,641", "4,081", "3.1%", "2 of 4 online" },
    reason = { "device envise-2", "device mit-2" },
  })
end)

test.case("says that a service is down of which nothing serves", { scenario = "down" }, function()
  test.expect(test.run(), { verdict = "down", exit = 11, shows = { "0 of 3 replicas available", "CrashLoopBackOff" } })
end)

test.case("tells what the cluster knows when Prometheus is away", { scenario = "prometheus-away" }, function()
  test.expect(test.run(), { verdict = "unknown", exit = 12, shows = { "3 of 3 replicas available", "could not ask for counts" }, shows_no = "Error rate" })
end)

test.case("tells what Prometheus knows when the cluster is away", { scenario = "api-down" }, function()
  test.expect(test.run(), { verdict = "unknown", exit = 12, shows = { "132,480", "4 of 4 online" } })
end)

test.case("does not take what nobody measures for little", { scenario = "no-usage" }, function()
  test.expect(test.run(), { verdict = "unknown", exit = 12, reason = "resource usage", shows = "132,480" })
end)

test.case("misses the deployment that has to be there", { scenario = "healthy" }, function()
  test.expect(test.run { params = { service = "photon-router" } }, { verdict = "down", exit = 11, reason = "it does not exist" })
end)

test.case("takes its thresholds from who runs it", { scenario = "healthy" }, function()
  test.expect(test.run { params = { error_rate = 1 } }, { verdict = "degraded", reason = "error rate" })
  test.expect(test.run { params = { disk = 30 } }, { verdict = "degraded", reason = "disk of /var/cache/photon-mlir" })
end)

test.case("asks for another span of time", { scenario = "healthy" }, function()
  -- 92 a minute for an hour.
  test.expect(test.run { params = { window = "1h" } }, { verdict = "healthy", shows = { "5,520", "120" } })
end)

test.case("has a day of 24 hours", { scenario = "healthy" }, function()
  -- The point 24 hours ago would be of the hour before the day.
  test.expect(test.run(), { shows = "min 5,520, mean 5,520, max 5,520", shows_no = "25 hours" })
  test.expect(test.run { params = { window = "30m" } }, { shows = "2,760", shows_no = "each hour" })
  test.expect(test.run { params = { window = "0s" } }, { exit = 1, error = { message = "at least a minute", hint = "-p window=24h" } })
end)

-- The healthy site, with series of its own.
local function measured(series)
  local list = {}
  for name, values in pairs(series) do list[#list + 1] = { series = name, values = values } end
  return { world = { extends = "healthy", read_only = true, prometheus = { series = list } } }
end

test.case("calls unknown what is no number, and still tells the rest", measured {
  ['photon_compilations_total{status="success",target="simulation",model_type="cnn"}'] = "0+40x10079 NaN",
}, function()
  test.expect(test.run(), {
    verdict = "unknown", exit = 12, reason = "compilations",
    -- The last hour and the whole day have the sample that is no number; 30 and one a minute for another target do not.
    shows = { "NaN", "44,640", "min 5,520, mean 5,520, max 5,520, 1 of 24 hours without data" },
  })
end)

test.case("is down when nothing was compiled, without an error rate of nothing", measured {
  ['photon_compilations_total{status="success",target="simulation",model_type="cnn"}'] = "5x10080",
  ['photon_compilations_total{status="success",target="lightmatter_envise",model_type="transformer"}'] = "5x10080",
  ['photon_compilations_total{status="success",target="mit_silicon_photonics",model_type="cnn"}'] = "5x10080",
  ['photon_compilations_total{status="error",target="simulation",model_type="cnn"}'] = "_",
  ['photon_compilations_total{status="error",target="lightmatter_envise",model_type="transformer"}'] = "_",
}, function()
  test.expect(test.run(), { verdict = "down", exit = 11, reason = "none in the last 1d", shows = "none: nothing was compiled", shows_no = "not above 5%" })
end)

test.case("counts no failures where there never were any", measured {
  ['photon_compilations_total{status="error",target="simulation",model_type="cnn"}'] = "_",
  ['photon_compilations_total{status="error",target="lightmatter_envise",model_type="transformer"}'] = "_",
}, function()
  -- 90 a minute.
  test.expect(test.run(), { verdict = "healthy", shows = { "129,600", "0%, not above 5%" } })
end)

test.case("takes the labels of a device together", measured {
  -- Two exporters tell of mit-1, and one says that it is offline; envise-1 has other labels since twelve hours, and is offline since then.
  ['photon_device_status{device_id="mit-1",device_type="mit",rack="2"}'] = "0x10080",
  ['photon_device_status{device_id="envise-1",device_type="lightmatter"}'] = "1x9360 stale _x719",
  ['photon_device_status{device_id="envise-1",device_type="lightmatter",firmware="2"}'] = "_x9361 0x719",
}, function()
  test.expect(test.run(), { verdict = "degraded", reason = { "device envise-1", "device mit-1" }, shows = { "50%", " 0%", "2 of 4 online" } })
end)

test.case("is not above a threshold that it is exactly at", measured {
  -- 46, 30 and 20 that succeed, 3 and 1 that fail: four of a hundred.
  ['photon_compilations_total{status="success",target="simulation",model_type="cnn"}'] = "0+46x10080",
  ['photon_compilations_total{status="error",target="simulation",model_type="cnn"}'] = "0+3x10080",
}, function()
  test.expect(test.run { params = { error_rate = 4, disk = 40 } }, { verdict = "healthy", shows = "4%, not above 4%" })
  test.expect(test.run { params = { error_rate = 3.99 } }, { verdict = "degraded", exit = 10 })
end)

test.case("tells how full a disk is of which root has taken its reserve", { world = {
  extends = "healthy", read_only = true,
  kubernetes = { commands = { { argv = { "df", "-P", "-k", "/var/cache/photon-mlir", "/tmp" }, reads = true, stdout =
    "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vdb 10485760 4194304 6291456 40% /var/cache/photon-mlir\n" ..
    "overlay 1000 1000 -11 102% /\n" } } },
} }, function()
  -- 1,000 of 989 that are not kept for root.
  test.expect(test.run(), { verdict = "degraded", reason = "disk of /tmp", shows = { "101.1%", "0 B" } })
end)

test.case("is down when the service is scaled to zero", { world = {
  extends = "healthy", read_only = true,
  timeline = { { at = "-10m", patch = "deployment/photon-compiler", with = { spec = { replicas = 0 } } } },
} }, function()
  test.expect(test.run(), { verdict = "down", exit = 11, reason = "deployment photon-compiler (it is scaled to zero)" })
end)

test.case("has no number where the service has told none", { world = {
  extends = "healthy", read_only = true,
  prometheus = { series = { { series = 'photon_compilations_total{status="success",target="simulation",model_type="cnn"}', values = "_" } } },
} }, function()
  test.expect(test.run(), { verdict = "healthy" })
end)

test.case("knows the disks that a pod has where it has not all", { world = {
  extends = "healthy", read_only = true,
  kubernetes = { commands = {
    { argv = { "df", "-P", "-k", "/var/cache/photon-mlir", "/tmp" }, exit_code = 1, stderr = "df: /tmp: No such file or directory\n", reads = true,
      stdout = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vdb 10485760 9542042 943718 92% /var/cache/photon-mlir\n" },
    { argv = { "df", "-P", "-k", "/var/cache/photon-mlir" }, reads = true,
      stdout = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vdb 10485760 9542042 943718 92% /var/cache/photon-mlir\n" },
    { argv = { "df", "-P", "-k", "/tmp" }, exit_code = 1, stderr = "df: /tmp: No such file or directory\n", reads = true },
  } },
} }, function()
  test.expect(test.run(), {
    verdict = "degraded", exit = 10, shows = { "91.0%", "No such file or directory" },
    reason = { "disk of /var/cache/photon-mlir", "disk of /tmp" },
  })
end)

-- Tests of compiler-down, in the scenarios beside it: runbook test compiler-down
local test       = require "test"
local kubernetes = require "kubernetes"

local failing = "kubernetes.delete pods/photon-compiler-*"

test.case("deletes what crashes and nothing else", { scenario = "crashloop" }, function()
  local run = test.run()
  test.expect(run, {
    actions = { failing, failing }, verdict = "healthy", exit = 0, met = {},
    shows = { "CrashLoopBackOff", "FATAL compiler cannot take jobs", "3 pods, none failing" },
  })
  test.equal(#kubernetes.failing(kubernetes.list("pods")), 0)
  test.expect(test.run(), { actions = {}, verdict = "healthy", steps = { ["Restart failed pods"] = "skipped" } })
end)

test.case("scales when it is asked to, after the restarts", { scenario = "crashloop" }, function()
  local run = test.run { params = { replicas = 5 } }
  test.expect(run, { actions = { failing, failing, "kubernetes.scale deployments/photon-compiler" }, verdict = "healthy" })
  test.equal(kubernetes.get("deployment/photon-compiler").status.readyReplicas, 5)
end)

test.case("does what its plan says", { scenario = "crashloop" }, function()
  local plan = test.plan { params = { replicas = 4 } }
  test.same(plan, test.apply(plan))
end)

test.case("does not apply a plan to pods that are other ones by now", { scenario = "crashloop" }, function()
  local plan = test.plan()
  for _, pod in ipairs(kubernetes.failing(kubernetes.list("pods"))) do
    test.change { delete = "pod/" .. pod.metadata.name }
  end
  test.change { become = "crash-loop", pods = "app=photon-compiler" }
  test.advance("10m")
  test.expect(test.apply(plan), { status = "drift", exit = 4, actions = {} })
end)

test.case("deletes the pod that needs more memory than it may use, and says so", { scenario = "oom" }, function()
  test.expect(test.run(), { actions = { failing }, verdict = "healthy", shows = { "41216 operations", "out of memory", "raise its limit of 2Gi: -p memory_limit=4Gi" } })
end)

test.case("raises the limit instead of restarting", { scenario = "oom" }, function()
  local run = test.run { params = { memory_limit = "4Gi", cpu_limit = "2500m" } }
  test.expect(run, {
    actions = { "kubernetes.patch deployments/photon-compiler" }, verdict = "healthy", steps = { ["Restart failed pods"] = "skipped" },
  })
  local container = kubernetes.get("deployment/photon-compiler").spec.template.spec.containers[1]
  test.equal(container.resources.limits, { cpu = "2500m", memory = "4Gi" })
  test.equal(container.resources.requests, { cpu = "500m", memory = "1Gi" })
end)

test.case("names the container that is not there before it changes anything", { scenario = "oom" }, function()
  test.expect(test.run { params = { memory_limit = "4Gi", container = "compilr" } }, {
    exit = 1, actions = {}, error = { message = "has no container compilr", step = "Check service status" },
  })
end)

test.case("rolls a release back that has never served", { scenario = "bad-rollout" }, function()
  local run = test.run()
  test.expect(run, {
    actions = { "kubernetes.undo deployments/photon-compiler" }, verdict = "healthy", exit = 0,
    shows = { 'unknown option "max_concurrent_compilations"', "recent rollout", "compiler:2.4.1 → registry.example/photon/compiler:2.4.2" },
    steps = { ["Restart failed pods"] = "skipped" },
  })
  test.equal(kubernetes.get("deployment/photon-compiler").spec.template.spec.containers[1].image, "registry.example/photon/compiler:2.4.1")
end)

test.case("does not call a release that does not start healthy", { scenario = "bad-rollout" }, function()
  test.expect(test.run { params = { rollback = "no" } }, { verdict = "degraded", exit = 10, actions = { failing, failing } })
end)

test.case("leaves a release alone that is older than a suspect", { scenario = "bad-rollout" }, function()
  test.expect(test.run { params = { recent = "5m" } }, { verdict = "degraded", actions = { failing, failing } })
end)

test.case("rolls back when it is told to", { world = {
  extends = "crashloop",
  timeline = { { at = "-30h", apply = { apiVersion = "v1", kind = "ConfigMap", metadata = { name = "unrelated", namespace = "photon-mlir" } } } },
} }, function()
  test.expect(test.run { params = { rollback = "yes" } }, { exit = 1, error = { step = "Roll back" }, actions = {} })
end)

-- A release, as a patch of the Deployment at some time before the run.
local function release(at, version)
  return { at = at, patch = "deployment/photon-compiler",
    with = { spec = { template = { spec = { containers = { { name = "compiler", image = "registry.example/photon/compiler:" .. version } } } } } } }
end

test.case("goes back to what serves when two releases in a row are bad", { world = {
  extends = "healthy",
  kubernetes = { behaviour = { { image = "*/compiler:2.4.2", be = "crash-loop" }, { image = "*/compiler:2.4.3", be = "crash-loop" } } },
  timeline = { release("-30m", "2.4.2"), release("-12m", "2.4.3") },
} }, function()
  test.expect(test.run(), { verdict = "healthy", actions = { "kubernetes.undo deployments/photon-compiler" }, shows = "roll back to revision 1" })
  test.equal(kubernetes.get("deployment/photon-compiler").spec.template.spec.containers[1].image, "registry.example/photon/compiler:2.4.1")
end)

test.case("neither rolls back nor restarts what is only slow", { world = {
  extends = "healthy",
  kubernetes = { behaviour = { { image = "*/compiler:2.4.2", be = "healthy", ready = "8m" } } },
  timeline = { release("-6m", "2.4.2") },
} }, function()
  test.expect(test.run { params = { timeout = "20m" } }, { verdict = "healthy", actions = {}, shows = "may only be slow to start" })
end)

test.case("rolls back what is not ready when its deadline is over", { world = {
  extends = "healthy",
  kubernetes = { behaviour = { { image = "*/compiler:2.4.2", be = "never-ready" } } },
  timeline = { release("-12m", "2.4.2") },
} }, function()
  test.expect(test.run(), { verdict = "healthy", actions = { "kubernetes.undo deployments/photon-compiler" } })
end)

test.case("knows a bad release again that was rolled back once", { world = {
  extends = "healthy",
  kubernetes = { behaviour = { { image = "*/compiler:2.4.2", be = "crash-loop" } } },
  timeline = { release("-30h", "2.4.2"), release("-29h", "2.4.1"), release("-12m", "2.4.2") },
} }, function()
  test.expect(test.run(), { verdict = "healthy", actions = { "kubernetes.undo deployments/photon-compiler" }, shows = "was rolled out 12m ago" })
end)

test.case("applies a plan although the rollout was given up meanwhile", { world = {
  extends = "healthy",
  kubernetes = { behaviour = { { image = "*/compiler:2.4.2", be = "crash-loop" } } },
  timeline = { release("-5m", "2.4.2") },
} }, function()
  local plan = test.plan()
  test.advance("10m")
  test.expect(test.apply(plan), { verdict = "healthy", actions = { "kubernetes.undo deployments/photon-compiler" } })
end)

test.case("does not blame a release that has served", { world = {
  extends = "healthy",
  timeline = { release("-90m", "2.4.2"), { at = "-20m", become = "crash-loop", pods = "app=photon-compiler", logs = "{time} FATAL no queue" } },
} }, function()
  test.expect(test.run(), { verdict = "healthy", actions = { failing, failing, failing }, shows = "the newest release has served before" })
end)

-- Whatever the pods miss, those of both releases miss it, and the rollout was given up long ago.
local both = { world = {
  extends = "healthy",
  timeline = { release("-40m", "2.4.2"), { at = "-2398s", become = "crash-loop", pods = "app=photon-compiler", logs = "{time} FATAL no queue" } },
} }

test.case("does not blame a release for what an earlier one suffers too, and waits for what it restarted", both, function()
  test.expect(test.run(), { verdict = "healthy", actions = { failing, failing, failing, failing }, shows = "pods of an earlier release fail too" })
end)

test.case("restarts the failing pods that a rollback leaves", both, function()
  test.expect(test.run { params = { rollback = "yes" } }, {
    verdict = "healthy", actions = { "kubernetes.undo deployments/photon-compiler", failing, failing },
  })
end)

test.case("rehearses that what it restarted does not come up", both, function()
  test.expect(test.dry { assume = { "readiness of photon-compiler" } }, { verdict = "down", exit = 11, reason = "0 of 3 replicas available" })
end)

local paused = { world = {
  extends = "bad-rollout",
  timeline = { { at = "-10m", patch = "deployment/photon-compiler", with = { spec = { paused = true } } } },
} }

test.case("says how a paused rollout goes on, and rolls nothing back", paused, function()
  test.expect(test.run(), { verdict = "degraded", actions = { failing, failing }, shows = "kubectl rollout resume deployment/photon-compiler -n photon-mlir" })
end)

test.case("sets no limits that would reach no pod", paused, function()
  test.expect(test.run { params = { memory_limit = "4Gi" } }, { exit = 1, actions = {}, error = { message = "paused", hint = "kubectl rollout resume" } })
end)

local scaled_down = { world = {
  extends = "healthy",
  timeline = { { at = "-10m", patch = "deployment/photon-compiler", with = { spec = { replicas = 0 } } } },
} }

test.case("calls a service down that has no replicas", scaled_down, function()
  test.expect(test.run(), { verdict = "down", exit = 11, actions = {}, shows = { "scaled to zero", "-p replicas=" } })
end)

test.case("scales up what was scaled to zero", scaled_down, function()
  test.expect(test.run { params = { replicas = 3 } }, { verdict = "healthy", actions = { "kubernetes.scale deployments/photon-compiler" } })
end)

test.case("finds pods by the deployment's own selector, and the log of the container that crashes", { world = {
  extends = "healthy",
  kubernetes = {
    manifests = { {
      apiVersion = "apps/v1", kind = "Deployment", metadata = { name = "router", namespace = "photon-mlir" },
      spec = { replicas = 2, selector = { matchLabels = { component = "router" } }, template = {
        metadata = { labels = { component = "router" } },
        spec = {
          initContainers = { { name = "prepare", image = "registry.example/prepare:1" } },
          containers = { { name = "proxy", image = "registry.example/proxy:1" }, { name = "router", image = "registry.example/router:1",
            resources = { limits = { cpu = "1", memory = "1Gi" } } } },
        },
      } },
    } },
    behaviour = { { image = "*/router:1", be = "crash-loop", logs = "{time} FATAL router has no routes" } },
  },
} }, function()
  test.expect(test.dry { params = { service = "router" } }, {
    actions = { "kubernetes.delete pods/router-*", "kubernetes.delete pods/router-*" },
    shows = { "FATAL router has no routes", "container proxy has none for cpu and memory" }, shows_no = "container router has none",
  })
end)

test.case("tells of a pod that was killed for memory and serves again", { world = {
  extends = "healthy",
  timeline = { { at = "-12m", become = "oom", pods = "app=photon-compiler", count = 1, ready = "5s", runs = "9m" } },
} }, function()
  test.expect(test.run(), { verdict = "healthy", actions = {}, shows = { "out of memory", "raise its limit of 2Gi: -p memory_limit=4Gi" } })
end)

test.case("tells that no node has room, once for all pods", { world = {
  extends = "healthy",
  timeline = { { at = "-8m", patch = "deployment/photon-compiler", with = { spec = { template = { spec = { containers = {
    { name = "compiler", resources = { requests = { cpu = "64" }, limits = { cpu = "64" } } } } } } } } } },
} }, function()
  test.expect(test.run { params = { timeout = "1m" } }, { verdict = "degraded", actions = {}, shows = { "no room", "and 1 more: 0/2 nodes are available" } })
end)

test.case("takes a line that only names a device for no trouble", { world = {
  extends = "healthy",
  timeline = { { at = "-15m", become = "crash-loop", pods = "app=photon-compiler", count = 1,
    logs = "{time} INFO driver 4.1 loaded from /dev/photon0\n{time} INFO certificate read\n{time} FATAL out of ideas" } },
} }, function()
  test.expect(test.run(), { verdict = "healthy", shows_no = "failed dependency" })
end)

test.case("tells who changed the configuration", { world = {
  extends = "crashloop",
  timeline = { { at = "-20m", patch = "configmap/photon-mlir-config", with = { data = { max_concurrent_compilations = "64" } } } },
} }, function()
  test.expect(test.run(), { verdict = "healthy", shows = { "configuration change", "photon-mlir-config was written 20m ago" } })
end)

test.case("tells what a pod misses", { world = {
  extends = "healthy",
  timeline = { { at = "-15m", become = "crash-loop", pods = "app=photon-compiler", count = 1,
    logs = "{time} FATAL loader libMLIR.so.19: cannot open shared object file" } },
} }, function()
  test.expect(test.run(), { verdict = "healthy", shows = { "failed dependency", "misses a library: FATAL loader libMLIR.so.19" } })
end)

test.case("tells that an image cannot be pulled", { world = {
  extends = "healthy",
  kubernetes = { behaviour = { { image = "*/compiler:2.4.2", be = "bad-image" } } },
  timeline = { { at = "-15m", patch = "deployment/photon-compiler",
    with = { spec = { template = { spec = { containers = { { name = "compiler", image = "registry.example/photon/compiler:2.4.2" } } } } } } } },
} }, function()
  test.expect(test.run(), { verdict = "healthy", shows = { "its image cannot be pulled" }, actions = { "kubernetes.undo deployments/photon-compiler" } })
end)

test.case("tells that pods are short of what they may use", { world = {
  extends = "healthy",
  timeline = { { at = "-30m", become = "healthy", pods = "app=photon-compiler", usage = { cpu = "1900m", memory = "1843Mi" } } },
} }, function()
  test.expect(test.run { params = { replicas = 6 } }, {
    verdict = "healthy", shows = { "memory is short", "load", "-p replicas=" }, actions = { "kubernetes.scale deployments/photon-compiler" },
  })
end)

test.case("goes on where the cluster does not measure what pods use", { scenario = "crashloop" }, function()
  test.change { fault = { on = "list pods.metrics.k8s.io", answer = "503", times = -1 } }
  test.expect(test.run(), { verdict = "healthy", steps = { ["Check resource usage"] = "skipped" } })
end)

test.case("rehearses that the service does not come back", { scenario = "crashloop" }, function()
  test.expect(test.dry { assume = { "deployments/photon-compiler" } }, { actions = { failing, failing }, verdict = "degraded", exit = 10 })
end)

test.case("waits for pods that take their time", { world = {
  extends = "crashloop",
  kubernetes = { behaviour = { { pods = "app=photon-compiler", be = "healthy", ready = "2m" } } },
} }, function()
  test.expect(test.run(), { verdict = "healthy", took_at_least = "2m", took_at_most = "3m" })
end)

test.case("says that a service is down whose pods never become ready", { world = {
  extends = "healthy",
  kubernetes = { behaviour = { { pods = "app=photon-compiler", be = "never-ready" } } },
} }, function()
  test.expect(test.run { params = { timeout = "1m" } }, { verdict = "down", exit = 11 })
end)

test.case("finds nothing out when the API server is away", { scenario = "api-down" }, function()
  test.expect(test.run(), { exit = 1, actions = {}, error = { code = "unavailable", step = "Check service status" } })
end)

test.case("outlasts an API server that is away for a while", { scenario = "crashloop" }, function()
  test.change { at = "2s", fault = { on = "kubernetes", answer = "503", times = 4 } }
  test.expect(test.run(), { actions = { failing, failing }, verdict = "healthy" })
end)

test.case("asks again when it is told to slow down", { scenario = "crashloop" }, function()
  test.change { fault = { on = "delete pods", answer = "429", retry_after = "5s", real = true } }
  test.expect(test.run(), { verdict = "healthy", actions = { { action = failing, attempts = 2 }, failing } })
end)

test.case("does not delete twice what was deleted although the answer was lost", { scenario = "crashloop" }, function()
  test.change { fault = { on = "delete pods", answer = "cut", done = true, real = true } }
  test.expect(test.run(), { verdict = "healthy", actions = { failing, failing } })
end)

test.case("says beforehand what it may not do, and ends there", { scenario = "forbidden" }, function()
  test.expect(test.run(), {
    exit = 1, error = { code = "forbidden", hint = "kubectl auth can-i delete pods", step = "Restart failed pods" },
    shows = { "you may not delete pods", "you may not patch deployments/scale" },
  })
end)

test.case("names the deployment that is not there", { scenario = "healthy" }, function()
  test.expect(test.run { params = { service = "photon-router" } }, {
    exit = 1, actions = {}, error = { message = "there is no deployment photon-router in photon-mlir", hint = "-p service=" },
  })
end)

--- One command that is declared to look, and one that is not.
local kubernetes = require "kubernetes"
return runbook {
  summary = "Run two commands",
  may = { "kubernetes.exec pods" },
  steps = {
    step("Commands", function()
      local pod = kubernetes.list("pods", { namespace = "photon-mlir", selector = "app=photon-compiler" })[1]
      log(kubernetes.exec(pod, { "df", "-h" }).stdout)
      kubernetes.exec(pod, { "touch", "/tmp/runbook-was-here" })
    end),
  },
}

--- What is older than seven days in a large cache.
local host   = require "host"
local report = require "report"

return runbook {
  summary = "Count the old files of a cache",
  params = { root = { type = "string", required = true, help = "the cache" } },
  steps = {
    step("Count", function(run)
      local old = host.find(run.params.root, { kind = "file", older_than = "7d" })
      report.pairs { { "old", old.count } }
    end),
  },
}

--- A tree of thousands of objects, on the disk.
local s3 = require "s3"

return runbook {
  summary = "Sync a tree down",
  may     = { "s3.sync files" },
  params  = { to = { type = "string", required = true, help = "the folder" } },
  steps   = {
    step("Sync", function(run)
      log(s3.sync("s3://bench-sync/tree/", run.params.to).copied .. " files")
    end),
  },
}

--- Files of a machine and a bucket.
local s3   = require "s3"
local host = require "host"

return runbook {
  summary = "Sync a backup down, up and down again",
  may     = { "s3.sync files", "s3.sync objects" },
  params  = {
    on     = { type = "string", required = true, help = "the machine" },
    folder = { type = "string", required = true, help = "a folder of its own" },
    bucket = { type = "string", default = "", help = "a bucket of its own; none to leave storing out" },
  },
  steps   = {
    step("Down", function(run)
      local days = s3.list("s3://photon-mlir-backups/", { folders = true })
      run.cache = days[#days].uri .. "cache/"
      local p = run.params
      local done = s3.sync(run.cache, p.folder .. "/a", { on = p.on })
      log("down: " .. done.copied .. " copied, " .. done.unverified .. " unverified")
      local again = s3.sync(run.cache, p.folder .. "/a", { on = p.on, delete = true })
      log("again: " .. again.copied .. " copied, " .. again.removed .. " removed, " .. again.unchanged .. " unchanged")
      log("there: " .. (host.find(p.folder .. "/a", { kind = "file" }, { on = p.on }).count == done.copied and "as many" or "another number"))
    end),
    step("Up", function(run)
      local p = run.params
      if p.bucket == "" then return end
      local up = s3.sync(p.folder .. "/a", "s3://" .. p.bucket .. "/up", { on = p.on })
      log("up: " .. up.copied .. " copied")
      local back = s3.sync("s3://" .. p.bucket .. "/up/", p.folder .. "/b", { on = p.on })
      log("back: " .. back.copied .. " copied, " .. back.unverified .. " unverified")
    end),
  },
}

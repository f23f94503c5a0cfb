-- Tests of trivy: runbook test stdlib/trivy_test.lua
local test  = require "test"
local trivy = require "trivy"

-- As trivy 0.57 prints it, shortened: a distribution, a program in Go and a lock file, each with its results, and secrets, which are none.
local report = [[{
  "SchemaVersion": 2, "CreatedAt": "2026-11-24T03:00:00Z", "ArtifactName": "registry.example/app:1", "ArtifactType": "container_image",
  "Metadata": {"OS": {"Family": "alpine", "Name": "3.22.1"}, "ImageID": "sha256:0a", "DiffIDs": ["sha256:0b"], "ImageConfig": {"architecture": "amd64"}},
  "Results": [
    {"Target": "registry.example/app:1 (alpine 3.22.1)", "Class": "os-pkgs", "Type": "alpine", "Vulnerabilities": [
      {"VulnerabilityID": "CVE-2026-1", "PkgName": "busybox", "InstalledVersion": "1.37", "FixedVersion": "1.38", "Status": "fixed", "Severity": "CRITICAL"},
      {"VulnerabilityID": "CVE-2026-2", "PkgName": "musl", "Status": "affected", "Severity": "UNKNOWN"}]},
    {"Target": "usr/bin/app", "Class": "lang-pkgs", "Type": "gobinary", "Vulnerabilities": [
      {"VulnerabilityID": "CVE-2026-3", "PkgName": "stdlib", "Severity": "HIGH"}]},
    {"Target": "usr/bin/app", "Class": "lang-pkgs", "Type": "gobinary", "Packages": [{"Name": "stdlib"}]},
    {"Target": "Node.js", "Class": "lang-pkgs", "Type": "node-pkg", "Vulnerabilities": [
      {"VulnerabilityID": "CVE-2026-3", "PkgName": "x", "Severity": "HIGH"}, {"VulnerabilityID": "CVE-2026-4", "PkgName": "y"}],
      "ExperimentalModifiedFindings": [{"Type": "vulnerability", "Status": "ignored", "Source": ".trivyignore", "Finding": {"Severity": "CRITICAL"}}]},
    {"Target": "/app/key.pem", "Class": "secret", "Secrets": [{"Severity": "CRITICAL"}]}
  ]}]]

local none = { critical = 0, high = 0, medium = 0, low = 0, unknown = 0 }

test.unit("all results are counted, and nothing that is ignored or no vulnerability", function()
  test.equal(trivy.counts(report), { critical = 1, high = 2, medium = 0, low = 0, unknown = 2 })
end)

test.unit("an image without vulnerabilities is one that was looked at", function()
  test.equal(trivy.counts('{"SchemaVersion":2,"Results":[{"Target":"a (alpine 3.22)","Class":"os-pkgs","Type":"alpine"}]}'), none)
  test.equal(trivy.counts('{"SchemaVersion":2,"Results":[{"Target":"a","Class":"lang-pkgs","Vulnerabilities":null}]}'), none)
  for _, nothing in ipairs { '{"SchemaVersion":2}', '{"SchemaVersion":2,"Results":null}', '{"SchemaVersion":2,"Results":[]}', '{"SchemaVersion":2,"Results":[{"Target":"k","Class":"secret"}]}' } do
    local counts, why = trivy.counts(nothing)
    test.equal(counts, nil, nothing)
    test.equal(why, "trivy knows no packages in this image, so nothing was looked at", nothing)
  end
end)

test.unit("a severity that is missing, or that nobody knows, is unknown", function()
  local text = '{"SchemaVersion":2,"Results":[{"Vulnerabilities":[{"Severity":null},{},{"Severity":"NEGLIGIBLE"},{"Severity":3},{"Severity":"Low"}]}]}'
  test.equal(trivy.counts(text), { critical = 0, high = 0, medium = 0, low = 1, unknown = 4 })
end)

test.unit("what is no report is said to be none, and ends nothing", function()
  for text, reason in pairs {
    [""] = "cannot be read", ["2026-11-24 FATAL no space left"] = "cannot be read", ["[]"] = "is no report of it", ['"x"'] = "is no report of it", ["null"] = "is no report of it",
    ['[{"Target":"a","Vulnerabilities":null}]'] = "is no report of it", -- as trivy printed it before 0.20
    ['{"SchemaVersion":2,"Results":{"a":1}}'] = "not as it should be: Results is no list", ['{"SchemaVersion":2,"Results":"x"}'] = "Results is no list",
    ['{"SchemaVersion":2,"Results":[{"Vulnerabilities":"none"}]}'] = "Vulnerabilities is no list", ['{"SchemaVersion":2,"Results":[1]}'] = "not as it should be",
  } do
    local counts, why = trivy.counts(text)
    test.equal(counts, nil, text)
    test.that(why:find(reason, 1, true) ~= nil, text .. ": " .. why)
  end
end)

test.unit("a distribution whose time is over is named", function()
  test.equal(trivy.unsupported { Family = "debian", Name = "9.13", EOSL = true }, "debian 9.13")
  test.equal(trivy.unsupported { family = "alpine", name = "3.10.9", eosl = true }, "alpine 3.10.9")
  test.equal(trivy.unsupported { EOSL = true }, "its distribution")
  for _, os in ipairs { { Family = "debian", Name = "13" }, { EOSL = false }, "debian" } do test.equal(trivy.unsupported(os), nil) end
  test.equal(trivy.unsupported(nil), nil)
  test.equal(trivy.counts('{"SchemaVersion":2,"Metadata":{"OS":{"Family":"debian","Name":"9","EOSL":true}},"Results":[{"Class":"os-pkgs"}]}').unsupported, "debian 9")
end)

test.unit("the image is the last word of the command", function()
  local argv = trivy.argv("nginx:1.29")
  test.equal(argv[#argv], "nginx:1.29")
end)

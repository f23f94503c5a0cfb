-- Tests of images: runbook test stdlib/images_test.lua
local test   = require "test"
local images = require "images"

local function hex(digits) return "sha256:" .. digits:rep(32) end

local function pod(name, image, id, owner)
  return {
    metadata = { name = name, ownerReferences = owner and { { kind = "ReplicaSet", name = owner, controller = true } } or nil },
    spec = { containers = { { name = "c", image = image } } },
    status = { containerStatuses = { { name = "c", imageID = id } } },
  }
end

test.unit("a name is what a registry client takes it for", function()
  for text, want in pairs {
    ["nginx"] = { "nginx", "index.docker.io/library/nginx", "latest", "-" }, ["nginx:1.29"] = { "nginx", "index.docker.io/library/nginx", "1.29", "-" },
    ["team/app:v2"] = { "team/app", "index.docker.io/team/app", "v2", "-" }, ["docker.io/nginx"] = { "docker.io/nginx", "index.docker.io/library/nginx", "latest", "-" },
    ["localhost/app"] = { "localhost/app", "localhost/app", "latest", "-" }, ["r.example:5000/a/b/c:v1"] = { "r.example:5000/a/b/c", "r.example:5000/a/b/c", "v1", "-" },
    ["r.example:5000/a"] = { "r.example:5000/a", "r.example:5000/a", "latest", "-" }, [""] = { "", "index.docker.io/library/", "latest", "-" },
    ["a@" .. hex("0a")] = { "a", "index.docker.io/library/a", "-", hex("0a") }, ["a:1@" .. hex("0a")] = { "a", "index.docker.io/library/a", "1", hex("0a") },
  } do
    local ref = images.reference(text)
    test.equal({ ref.name, ref.place, ref.tag or "-", ref.digest or "-" }, want, text)
  end
end)

test.unit("one image is told once, by what was pulled", function()
  local found = images.of_pods {
    pod("a", "app:1", "docker-pullable://app@" .. hex("0a"), "web"), pod("b", "mirror.example/app:1", "mirror.example/app@" .. hex("0a"), "web"), pod("c", "other", hex("0c")),
  }
  test.equal(#found, 2)
  test.equal({ found[1].image, found[1].manifest, found[1].config }, { "app:1", hex("0a") })
  test.equal({ found[2].image, found[2].manifest or "-", found[2].config }, { "other", "-", hex("0c") })
  test.equal(found[2].owners, { ["Pod/c/c"] = true })
end)

test.unit("a name that stands for several images says nothing alone", function()
  local found = images.of_pods { pod("a", "moving", "moving@" .. hex("0a")), pod("b", "moving:latest", "moving@" .. hex("0b")), pod("c", "moving") }
  test.equal(#found, 3, "and nobody knows which of them the third will pull")
  for _, image in ipairs(found) do test.equal(image.ambiguous, true) end
  test.equal(#images.of_pods { pod("a", "same", "same@" .. hex("0a")), pod("b", "same:latest") }, 1, "one that is not pulled yet")
end)

test.unit("pods without a status or containers are no fault", function()
  test.equal(images.of_pods { { metadata = { name = "a" }, spec = {} }, { metadata = { name = "b" }, spec = { initContainers = { { name = "i", image = "init" } } } } }[1].image, "init")
  test.equal(images.of_pods {}, {})
  test.equal(#images.of_names { "nginx", "nginx:latest", "nginx:1" }, 2)
end)

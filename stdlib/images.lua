--- Which images there are, and what they are called.
-- A name can mean another image tomorrow, and one image has many names: what a pod has pulled says which one it is.

local arguments = require "arguments"

local images = {}

--- What a registry client takes the name of an image for: "nginx" is index.docker.io/library/nginx:latest.
-- @param text  the name
-- @return      { name (without tag and digest, as it was written), place (registry and repository), tag, digest }; tag and digest are nil where there is none
-- @usage images.reference("nginx:1.29").place
function images.reference(text)
  local name, digest = arguments.is("images.reference: text", text, "string"):match("^(.-)@(sha%d+:%x+)$")
  name = name or text
  local tag = name:match(":([^:/]+)$")
  local bare = tag and name:sub(1, -#tag - 2) or name
  local server, repository = bare:match("^([^/]+)/(.+)$")
  if not server or not (server:find("[.:]") or server == "localhost") then
    server, repository = "index.docker.io", bare
  end
  if server == "docker.io" then server = "index.docker.io" end
  if server == "index.docker.io" and not repository:find("/", 1, true) then repository = "library/" .. repository end
  if not tag and not digest then tag = "latest" end
  return { name = bare, place = server .. "/" .. repository, tag = tag, digest = digest }
end

-- What a kubelet says which image runs: its name with the digest of its manifest, or only the digest of its configuration.
local function digests(image_id)
  local manifest = image_id:match("@(sha%d+:%x+)$")
  if manifest then return manifest, nil end
  return nil, image_id:match("(sha%d+:%x+)$")
end

-- Whoever the operator says a pod's containers belong to: what controls the pod, or the pod itself.
local function owner_of(pod)
  for _, owner in ipairs(pod.metadata.ownerReferences or {}) do
    if owner.controller then return owner.kind .. "/" .. owner.name end
  end
  return "Pod/" .. pod.metadata.name
end

local function statuses_of(pod)
  local by_name = {}
  for _, field in ipairs { "initContainerStatuses", "containerStatuses" } do
    for _, status in ipairs(pod.status and pod.status[field] or {}) do by_name[status.name] = status end
  end
  return by_name
end

-- A set of images: by what they are where that is known, else by their names.
local function new_set() return { list = {}, by_key = {}, digests_of = {} } end

local function add(set, image, image_id)
  local ref = images.reference(image)
  local manifest, config = digests(image_id or "")
  manifest = manifest or ref.digest
  local name = ref.place .. ":" .. (ref.tag or "")
  local key = manifest or config or name
  local found = set.by_key[key]
  if not found then
    found = { image = image, ref = ref, name = name, manifest = manifest, config = config, owners = {} }
    set.by_key[key] = found
    set.list[#set.list + 1] = found
    if key ~= name then
      local known = set.digests_of[name] or {}
      set.digests_of[name], known[#known + 1] = known, found
    end
  end
  return found
end

-- Who has not pulled its image yet is taken to pull the one that the others of this name have, if that is one.
local function settle(set)
  local kept = {}
  for _, image in ipairs(set.list) do
    local known = set.digests_of[image.name] or {}
    image.ambiguous = #known > 1
    if image.manifest or image.config or #known ~= 1 then
      kept[#kept + 1] = image
    else
      for owner in pairs(image.owners) do known[1].owners[owner] = true end
    end
  end
  return kept
end

--- The distinct images of pods, init containers included, in the order in which the pods name them.
-- @param pods  as kubernetes.list("pods") returns them
-- @return      list of { image (as the first pod names it), ref (see reference), manifest and config (digests, where a pod has pulled it), owners (whose containers, "ReplicaSet/web/nginx", as keys), ambiguous (its name stands for several images) }
-- @usage for _, image in ipairs(images.of_pods(kubernetes.list("pods"))) do log(image.image) end
function images.of_pods(pods)
  local set = new_set()
  for _, pod in ipairs(arguments.list("images.of_pods: pods", pods)) do
    local statuses, owner = statuses_of(pod), owner_of(pod)
    for _, field in ipairs { "initContainers", "containers" } do
      for _, container in ipairs(pod.spec[field] or {}) do
        local status = statuses[container.name]
        local image = add(set, container.image, status and status.imageID)
        image.owners[owner .. "/" .. container.name] = true
      end
    end
  end
  return settle(set)
end

--- The distinct images of names.
-- @param names  list of names
-- @return       list as of_pods has it, of images that nobody owns
-- @usage images.of_names({ "nginx:1.29" })[1].ref.tag
function images.of_names(names)
  local set = new_set()
  for _, name in ipairs(arguments.list("images.of_names: names", names)) do add(set, name) end
  return settle(set)
end

return images

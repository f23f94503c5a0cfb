package host

import (
	"context"
	"slices"

	"runbook/engine/action"
	"runbook/engine/files"
	"runbook/engine/module"
)

// findLimit is how many entries a script is given where it does not say.
const findLimit = 10_000

// foundType is the type of what was found, in the notation of Lua language servers.
const foundType = "{ on: string, root: string, count: integer, size: integer, used: integer, files: " + entryType +
	"[], truncated?: boolean, seen: integer, skipped: integer, unlooked: { path: string, error: string }[] }"

func (b *binding) findFunc() module.Func {
	return module.Func{
		Name: "find",
		Doc: `Finds what is below a folder, by age, size, name and kind.

The root itself is not among what is found, and looked through if it is a link; no other link is followed. Ages go by the run's clock. For
those who know find: -mtime +7 counts whole days and wants more than seven, so it is older_than = "8d"; older_than = "7d" is -mmin +10080.
What cannot be looked at is told of, and ends nothing. On the machine of the run many folders are looked at once.`,
		Params: []module.Param{
			pathParam("root", "the folder"),
			{Name: "filter", Kind: module.Object, Doc: "what is wanted; everything if not given", Fields: filterFields},
			{Name: "options", Kind: module.Object, Doc: "where, and how many", Fields: []module.Param{
				onParam,
				{Name: "limit", Kind: module.Integer, Default: int64(findLimit), Min: module.Bound(1), Max: module.Bound(1_000_000),
					Doc: "how many entries are given at most, 10,000 if not given; count, size and used are of all"},
			}},
		},
		Returns: module.Result{
			Type: foundType,
			Doc: "how many were found, their bytes, and files: in the order of their paths, which are relative to the root; each has " + entryDoc +
				"; truncated if there are more than are given; how many were seen; " + unlookedDoc,
		},
		Errors: lookErrors,
		Examples: []string{
			`local old = host.find("/var/cache/photon-mlir", { kind = "file", older_than = "7d" })`,
			`for _, f in ipairs(host.find("/var/log", { name = { "*.log", "*.gz" }, min_size = 100e6 }, { on = "rack-1" }).files) do log({ path = f.path, size = f.size }) end`,
		},
		Read: func(args module.Args) (action.Read, error) {
			l, err := b.lookAt("host.find", args, "root")
			if err != nil {
				return nil, err
			}
			only, err := filterOf(l.verb, args)
			if err != nil {
				return nil, err
			}
			limit, _ := args.Int("limit")
			l.identity = only.identity()
			l.look = func(ctx context.Context, view action.View) (any, error) {
				return l.find(ctx, view, only.at(ctx), int(limit))
			}
			return l, nil
		},
	}
}

// found is what was found, as scripts have it.
type found struct {
	On        string     `json:"on"`
	Root      string     `json:"root"`
	Count     int64      `json:"count"`
	Size      int64      `json:"size"`
	Used      int64      `json:"used"`
	Files     []entry    `json:"files"`
	Truncated bool       `json:"truncated,omitempty"`
	Seen      int64      `json:"seen"`
	Skipped   int64      `json:"skipped"`
	Unlooked  []unlooked `json:"unlooked"`
}

func (l looking) find(ctx context.Context, view action.View, only files.Filter, limit int) (any, error) {
	out := found{On: l.name, Root: files.Spell(l.path), Files: []entry{}}
	var kept []files.Entry
	walked, err := l.as(view).Walk(ctx, l.path, only, func(list []files.Entry) error {
		for _, e := range list {
			out.Count++
			out.Used += e.Used
			if e.Kind != files.Folder {
				out.Size += e.Size
			}
		}
		kept = firsts(append(kept, list...), limit)
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(kept, byPath)
	for _, e := range kept[:min(len(kept), limit)] {
		out.Files = append(out.Files, entryOf(e))
	}
	out.Truncated = out.Count > int64(limit)
	out.Seen, out.Skipped, out.Unlooked = walked.Seen, walked.Skipped, unlookedOf(walked.Unlooked)
	return raw(out)
}

// firsts drops what will not be among the first entries, once there is twice as much as is wanted.
func firsts(list []files.Entry, limit int) []files.Entry {
	if len(list) < limit+max(limit, findLimit) {
		return list
	}
	slices.SortFunc(list, byPath)
	return slices.Clone(list[:limit])
}

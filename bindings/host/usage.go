package host

import (
	"context"

	"runbook/engine/action"
	"runbook/engine/files"
	"runbook/engine/module"
)

func (b *binding) usageFunc() module.Func {
	return module.Func{
		Name: "usage",
		Doc: `Counts what a folder or file takes, with everything below it, as du does.

Used is what it takes on the disk (du -s), size what it holds (du -s --apparent-size, without what folders themselves are). Of a file that
has several names the bytes count once. A path that is a link is looked through; no other link is followed. Another machine counts by itself.`,
		Params: []module.Param{
			pathParam("path", "what is counted"),
			{Name: "options", Kind: module.Object, Doc: "where, and how far", Fields: []module.Param{
				onParam,
				{Name: "stay", Kind: module.Boolean, Doc: "on the file system of the path, as du -x does"},
			}},
		},
		Returns: module.Result{
			Type: "{ used: integer, size: integer, files: integer, folders: integer, links: integer, others: integer, skipped: integer, unlooked: { path: string, error: string }[] }",
			Doc:  "bytes used and size; how many there are of each kind; " + unlookedDoc,
		},
		Errors:   lookErrors,
		Examples: []string{`log({ cache = host.usage("/var/cache/photon-mlir").used })`},
		Read: func(args module.Args) (action.Read, error) {
			l, err := b.lookAt("host.usage", args, "path")
			stay := args.Bool("stay")
			if stay {
				l.identity = []action.Arg{{Name: "stay", Value: true}}
			}
			l.look = func(ctx context.Context, view action.View) (any, error) {
				u, err := l.usage(ctx, view, stay)
				if err != nil {
					return nil, err
				}
				return raw(usageOf(u))
			}
			return l, err
		},
	}
}

// A usage is what is counted, as scripts have it.
type usage struct {
	Used     int64      `json:"used"`
	Size     int64      `json:"size"`
	Files    int64      `json:"files"`
	Folders  int64      `json:"folders"`
	Links    int64      `json:"links"`
	Others   int64      `json:"others"`
	Skipped  int64      `json:"skipped"`
	Unlooked []unlooked `json:"unlooked"`
}

func usageOf(u files.Usage) usage {
	return usage{u.Used, u.Size, u.Files, u.Folders, u.Links, u.Others, u.Skipped, unlookedOf(u.Unlooked)}
}

// usage counts what is at the path, and what is below it.
func (l looking) usage(ctx context.Context, view action.View, stay bool) (u files.Usage, err error) {
	seen := l.as(view)
	itself, err := seen.Look(ctx, l.path)
	if err != nil {
		return u, err
	}
	if itself.Kind == files.Folder || itself.Kind == files.Link {
		u, err = seen.Usage(ctx, l.path, stay)
		if itself.Kind == files.Link && (action.CodeOf(err) == action.CodeInvalid || action.CodeOf(err) == action.CodeNotFound) {
			err = nil // it points at a file, or at nothing
		}
	}
	u.Add(&itself, false)
	return u, err
}

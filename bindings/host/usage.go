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

Used is what it takes on the disk (du -s), size what it holds (du -s --apparent-size, without what folders themselves are). A file that has
several names counts once. No link is followed.`,
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
			only := files.Filter{Stay: args.Bool("stay")}
			if only.Stay {
				l.identity = []action.Arg{{Name: "stay", Value: true}}
			}
			l.look = func(ctx context.Context, view action.View) (any, error) {
				u, err := l.usage(ctx, view, only)
				if err != nil {
					return nil, err
				}
				return raw(u)
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

	met map[string]bool // files with several names
}

func (l looking) usage(ctx context.Context, view action.View, only files.Filter) (*usage, error) {
	seen := l.as(view)
	itself, err := seen.Look(ctx, l.path)
	if err != nil {
		return nil, err
	}
	u := &usage{Unlooked: []unlooked{}, met: map[string]bool{}}
	u.add(itself)
	if itself.Kind != files.Folder && itself.Kind != files.Link {
		return u, nil
	}
	walked, err := seen.Walk(ctx, l.path, only, func(list []files.Entry) error {
		for _, e := range list {
			u.add(e)
		}
		return nil
	})
	if err != nil && itself.Kind == files.Link && action.CodeOf(err) == action.CodeInvalid {
		return u, nil // it points at a file
	}
	u.Skipped, u.Unlooked = walked.Skipped, unlookedOf(walked)
	return u, err
}

func (u *usage) add(e files.Entry) {
	switch e.Kind {
	case files.File:
		u.Files++
	case files.Folder:
		u.Folders++
	case files.Link:
		u.Links++
	default:
		u.Others++
	}
	if e.Links > 1 && e.Kind != files.Folder {
		if u.met[e.ID] {
			return
		}
		u.met[e.ID] = true
	}
	u.Used += e.Used
	if e.Kind != files.Folder {
		u.Size += e.Size
	}
}

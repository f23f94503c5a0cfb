package host

import (
	"context"

	"runbook/engine/action"
	"runbook/engine/files"
	"runbook/engine/module"
)

func (b *binding) diskFunc() module.Func {
	return module.Func{
		Name: "disk",
		Doc: `Tells how full the file system is that a path lies on, as df does.

The share used is of what can be used: used and free. What is kept for root is neither, so that free and used need not add up to total.`,
		Params: []module.Param{pathParam("path", "what lies on it"), onlyOn()},
		Returns: module.Result{
			Type: "{ mount: string, total: integer, used: integer, free: integer, percent: number, inodes?: integer, inodes_free?: integer }",
			Doc:  "bytes, and percent from 0 to 100; inodes only where the file system counts them; where it is mounted, \"\" if that is not known",
		},
		Errors: lookErrors,
		Examples: []string{
			`log({ free = host.disk("/var/cache/photon-mlir").free })`,
			`if host.disk("/var/log", { on = "rack-1" }).percent > 90 then log("the logs are about to fill the disk") end`,
		},
		Read: func(args module.Args) (action.Read, error) {
			l, err := b.lookAt("host.disk", args, "path")
			l.look = func(ctx context.Context, view action.View) (any, error) {
				d, err := l.as(view).Disk(ctx, l.path)
				if err != nil {
					return nil, err
				}
				return raw(diskOf(d))
			}
			return l, err
		},
	}
}

// A disk is a file system as scripts have it.
type disk struct {
	Mount      string  `json:"mount"`
	Total      int64   `json:"total"`
	Used       int64   `json:"used"`
	Free       int64   `json:"free"`
	Percent    float64 `json:"percent"`
	Inodes     *int64  `json:"inodes,omitempty"`
	InodesFree *int64  `json:"inodes_free,omitempty"`
}

// whole is all of something, in percent.
const whole = 100

func diskOf(d files.Disk) disk {
	out := disk{Mount: files.Spell(d.Mount), Total: d.Total, Used: d.Used, Free: d.Free}
	if usable := d.Used + d.Free; usable > 0 {
		out.Percent = float64(d.Used) / float64(usable) * whole
	}
	if d.Inodes > 0 {
		out.Inodes, out.InodesFree = &d.Inodes, &d.InodesFree
	}
	return out
}

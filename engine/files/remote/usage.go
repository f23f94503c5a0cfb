package remote

import (
	"context"
	"fmt"
	"strings"

	"runbook/engine/command"
	"runbook/engine/files"
)

// Usage counts what is below a root. The machine adds up by itself: a cache has hundreds of thousands of files, of which nothing else is
// wanted. Where it cannot, each of them is told of.
func (f *Files) Usage(ctx context.Context, root string, stay bool) (files.Usage, error) {
	has, err := f.known(ctx)
	if err != nil {
		return files.Usage{}, err
	}
	args := []string{root, "0", "0"}
	if has.prints {
		args[2] = "1"
	}
	if stay {
		mounted, err := f.mounted(ctx, root)
		if err != nil {
			return files.Usage{}, err
		}
		args[1] = "1"
		for at := range mounted {
			args = append(args, literal.Replace("./"+at))
		}
	}
	if !has.sums || len(strings.Join(args, "")) > batchBytes {
		return files.Count(ctx, f, root, stay)
	}
	return f.count(ctx, root, args)
}

// count has the machine count.
func (f *Files) count(ctx context.Context, root string, args []string) (u files.Usage, err error) {
	var out strings.Builder
	var walked files.Walked
	said := &unlooked{root: root, rest: command.NewBuffer(complaintLimit)}
	code, err := f.runner.Run(ctx, argv(usageScript, args), command.Streams{Stdout: &out, Stderr: said})
	if err := files.NotEnded(ctx, err); err != nil {
		return u, err
	}
	noted := said.count(&walked)
	u.Unlooked, u.Skipped = walked.Unlooked, walked.Skipped
	if code != 0 {
		return u, files.Failed("look into", root, reason(code, textOf(said.rest)))
	}
	blocks, ended := int64(0), 0
	if _, err := fmt.Sscan(out.String(), &blocks, &u.Size, &u.Files, &u.Folders, &u.Links, &u.Others, &ended); err != nil {
		return u, files.Failed("look into", root, errRecord)
	}
	if ended != 0 && !noted {
		return u, files.Failed("look into", root, reason(ended, textOf(said.rest)))
	}
	u.Used = blocks * sector
	return u, nil
}

// literal takes from a path what a pattern of paths would mean by it.
var literal = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`)

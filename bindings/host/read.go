package host

import (
	"context"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/files"
	"runbook/engine/module"
)

// maxContent is how much of a file may be read at once.
const maxContent = 64 << 20

// maxBytesParam says how much of a file is read.
var maxBytesParam = module.Param{
	Name: "max_bytes", Kind: module.Integer, Default: int64(command.DefaultLimit), Min: module.Bound(1), Max: module.Bound(maxContent),
	Doc: "how long the file may be: 8 MiB if not given, at most 64 MiB",
}

func (b *binding) readFunc() module.Func {
	return module.Func{
		Name: "read",
		Doc: `Reads a text file whole.

A file that is longer than max_bytes is an error, never half a text. Bytes that are no text are replaced. A link is looked through.`,
		Params: []module.Param{
			pathParam("path", "the file"),
			{Name: "options", Kind: module.Object, Doc: "where, and how much", Fields: []module.Param{onParam, maxBytesParam}},
		},
		Returns:  module.Result{Type: "string", Doc: "what is in it"},
		Errors:   append([]action.Code{}, lookErrors...),
		Examples: []string{`local motd = host.read("/etc/motd")`},
		Read: func(args module.Args) (action.Read, error) {
			return b.content("host.read", args, func(_ string, text []byte) (any, error) {
				return strings.ToValidUTF8(string(text), string(utf8.RuneError)), nil
			})
		},
	}
}

// content is a read of a whole file, of which something is made.
func (b *binding) content(verb string, args module.Args, made func(path string, text []byte) (any, error)) (action.Read, error) {
	l, err := b.lookAt(verb, args, "path")
	most, _ := args.Int(maxBytesParam.Name)
	l.look = func(ctx context.Context, view action.View) (any, error) {
		text, err := l.whole(ctx, view, most)
		if err != nil {
			return nil, err
		}
		return made(l.path, text)
	}
	return l, err
}

// whole reads a file to its end.
func (l looking) whole(ctx context.Context, view action.View, most int64) ([]byte, error) {
	in, err := l.as(view).Open(ctx, l.path, 0)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(in, most+1))
	if err = errors.Join(err, in.Close()); err != nil {
		return nil, files.Failed("read", l.path, err)
	}
	if int64(len(text)) > most {
		return nil, action.Errorf(action.CodeRejected, "cannot read %s whole: it is longer than %s", files.Spell(l.path), humanBytes(most)).
			Try(`read its end with host.tail, or, if all of it is wanted: { max_bytes = %d }`, min(2*most, maxContent))
	}
	return text, nil
}

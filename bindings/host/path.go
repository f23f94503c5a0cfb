package host

import (
	"path"
	"strings"

	"runbook/engine/action"
	"runbook/engine/files"
	"runbook/engine/module"
)

// pathParam is a parameter that is a path.
func pathParam(name, doc string) module.Param {
	return module.Param{Name: name, Kind: module.String, Required: true, Doc: doc + ": an absolute path"}
}

// pathOf is the path that an argument means, clean, as the machine has it.
func pathOf(function string, args module.Args, name string) (string, error) {
	text := args.String(name)
	switch {
	case text == "":
		return "", action.Errorf(action.CodeInvalid, "%s: %s is empty", function, name).Try(`write it as an absolute path: "/var/log/app.log"`)
	case strings.HasPrefix(text, "~"):
		return "", action.Errorf(action.CodeInvalid, "%s: %s is %q: no shell is there to say whose home that is", function, name, text).
			Try(`write it as an absolute path: "/home/photon/…"`)
	case !path.IsAbs(text):
		return "", action.Errorf(action.CodeInvalid, "%s: %s is %q, which is no absolute path", function, name, text).
			Try("it would mean another file in another working folder: begin it with a slash")
	case strings.ContainsRune(text, 0):
		return "", action.Errorf(action.CodeInvalid, "%s: there is a zero byte in %s", function, name)
	}
	return path.Clean(files.Unspell(text)), nil
}

// common is the deepest folder that two paths are both below, and what they are called below it.
func common(a, b string) (root, belowA, belowB string) {
	root = path.Dir(a)
	for root != "/" && !strings.HasPrefix(b, root+"/") {
		root = path.Dir(root)
	}
	prefix := strings.TrimSuffix(root, "/") + "/"
	return root, strings.TrimPrefix(a, prefix), strings.TrimPrefix(b, prefix)
}

// rootOf is a folder below which things are changed. The root of the machine is none: nobody means all of it, and a variable that is empty
// comes to that.
func rootOf(function string, args module.Args) (string, error) {
	root, err := pathOf(function, args, "root")
	if err == nil && root == "/" {
		return "", action.Errorf(action.CodeInvalid, "%s: below / is all of the machine", function).
			Try(`name the folder that is meant, such as "/var/cache/photon-mlir"`)
	}
	return root, err
}

package build

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const kwokModule = "sigs.k8s.io/kwok"

//go:embed amendments/exit_error.go.txt
var exitErrorFile []byte

// amendment replaces a text that must be in the file exactly once: another release of the module fails the build
// rather than losing the amendment.
type amendment struct{ file, old, new string }

// kwokAmendments mend two faults of kwok's exec that would teach a runbook the wrong thing: every failing command
// ends with an internal error instead of its exit code, and a command never sees the end of its input.
var kwokAmendments = []amendment{
	{
		file: "pkg/kwok/server/debugging_exec.go",
		old:  "return s.execInContainer(ctx, cmd, in, stdout, stderr)",
		new:  "return exitError(s.execInContainer(ctx, cmd, in, stdout, stderr))",
	},
	{
		file: "pkg/kwok/server/debugging_exec.go",
		old:  "return s.execInContainerWithTTY(ctx, cmd, in, stdout, resize)",
		new:  "return exitError(s.execInContainerWithTTY(ctx, cmd, in, stdout, resize))",
	},
	{
		file: "pkg/utils/exec/exec.go",
		old:  "_, _ = io.Copy(inPipe, opt.In)",
		new:  "_, _ = io.Copy(inPipe, opt.In)\n\t\t\t\t_ = inPipe.Close()",
	},
}

// amendKwok writes the amended files to work and returns the overlay with which the go command takes them in place
// of the module's own.
func amendKwok(ctx context.Context, work string) (overlay string, err error) {
	module, err := moduleDir(ctx, work, kwokModule)
	if err != nil {
		return "", err
	}
	files := map[string][]byte{"pkg/kwok/server/lab_exit_error.go": exitErrorFile}
	for _, a := range kwokAmendments {
		if files[a.file] == nil {
			if files[a.file], err = os.ReadFile(filepath.Join(module, a.file)); err != nil {
				return "", fmt.Errorf("amend %s: %w", kwokModule, err)
			}
		}
		if n := strings.Count(string(files[a.file]), a.old); n != 1 {
			return "", fmt.Errorf("amend %s: want %q once in %s, found it %d times; is the amendment still needed?", kwokModule, a.old, a.file, n)
		}
		files[a.file] = []byte(strings.Replace(string(files[a.file]), a.old, a.new, 1))
	}
	return writeOverlay(work, module, files)
}

// writeOverlay keeps the amended files in one flat folder; their names come from the whole path, so none collide.
func writeOverlay(work, module string, files map[string][]byte) (string, error) {
	replace := map[string]string{}
	for name, content := range files {
		amended := filepath.Join(work, strings.ReplaceAll(name, "/", "-"))
		if err := os.WriteFile(amended, content, 0o600); err != nil {
			return "", err
		}
		replace[filepath.Join(module, name)] = amended
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(work, "overlay.json")
	return overlay, os.WriteFile(overlay, data, 0o600)
}

// moduleDir returns where the go command keeps a module, and fetches it first if need be.
func moduleDir(ctx context.Context, work, module string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", module)
	cmd.Dir = work
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("fetch %s: %w\n%s", module, err, out)
	}
	var found struct{ Dir string }
	if err := json.Unmarshal(out, &found); err != nil {
		return "", fmt.Errorf("fetch %s: %w", module, err)
	}
	return found.Dir, nil
}

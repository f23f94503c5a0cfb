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

// amendKwok puts an amended copy of the module into work, and has the go command build from it there.
func amendKwok(ctx context.Context, work string) error {
	module, err := moduleDir(ctx, work, kwokModule)
	if err != nil {
		return err
	}
	amended := filepath.Join(work, "amended-kwok")
	if err := os.CopyFS(amended, os.DirFS(module)); err != nil {
		return fmt.Errorf("copy %s to amend it: %w", kwokModule, err)
	}
	for _, a := range kwokAmendments {
		if err := a.apply(amended); err != nil {
			return fmt.Errorf("amend %s: %w", kwokModule, err)
		}
	}
	if err := os.WriteFile(filepath.Join(amended, "pkg/kwok/server/lab_exit_error.go"), exitErrorFile, 0o600); err != nil {
		return fmt.Errorf("amend %s: %w", kwokModule, err)
	}
	replace := exec.CommandContext(ctx, "go", "mod", "edit", "-replace="+kwokModule+"="+amended)
	replace.Dir = work
	if out, err := replace.CombinedOutput(); err != nil {
		return fmt.Errorf("build from the amended %s: %w\n%s", kwokModule, err, out)
	}
	return nil
}

func (a amendment) apply(module string) error {
	path := filepath.Join(module, a.file)
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if n := strings.Count(string(content), a.old); n != 1 {
		return fmt.Errorf("want %q once in %s, found it %d times; is the amendment still needed?", a.old, a.file, n)
	}
	// The copy is as read-only as the module cache it came from.
	if err := os.Chmod(path, 0o600); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(strings.Replace(string(content), a.old, a.new, 1)), 0o600)
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

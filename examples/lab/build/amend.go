package build

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

var (
	//go:embed amendments/exit_error.go.txt
	exitErrorFile []byte
	//go:embed amendments/clients.go.txt
	clientsFile []byte
)

// amendment is what is changed in a module before a component is built from it.
type amendment struct {
	module       string
	replacements []replacement
	additions    map[string][]byte // new files, by path
}

// replacement replaces a text that must be in the file exactly once: another release of the module fails the build
// rather than losing the amendment.
type replacement struct{ file, old, new string }

// amendedKwok mends two faults of kwok's exec that would teach a runbook the wrong thing: every failing command ends
// with an internal error instead of its exit code, and a command never sees the end of its input. And it asks for a
// client's certificate, as a kubelet does, and answers nothing in plain HTTP: as it comes, whoever reaches its port, a web
// page in the user's browser among them, can run commands as the user.
var amendedKwok = &amendment{
	module: "sigs.k8s.io/kwok",
	replacements: []replacement{
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
		{
			file: "pkg/kwok/server/server.go",
			old:  "			err = svc.ServeTLS(tlsListener, certFile, privateKeyFile)\n",
			new: "			svc.TLSConfig, err = labClients(certFile)\n" +
				"			if err == nil {\n				err = svc.ServeTLS(tlsListener, certFile, privateKeyFile)\n			}\n",
		},
		{
			file: "pkg/kwok/server/server.go",
			old:  "		err = svc.Serve(unmatchedListener)\n",
			new:  "		svc.Handler = http.NotFoundHandler()\n		err = svc.Serve(unmatchedListener)\n",
		},
	},
	additions: map[string][]byte{
		"pkg/kwok/server/lab_exit_error.go": exitErrorFile,
		"pkg/kwok/server/lab_clients.go":    clientsFile,
	},
}

// amendedAlertmanager has empty pages: its module lacks those that npm makes, and does not compile without.
var amendedAlertmanager = &amendment{
	module: "github.com/prometheus/alertmanager",
	additions: map[string][]byte{
		"ui/app/dist/elm/index.html":     emptyPage,
		"ui/app/dist/mantine/index.html": emptyPage,
	},
}

var emptyPage = []byte("<!doctype html><title>Alertmanager</title>This Alertmanager was built without its pages; its API is at /api/v2.\n")

// apply puts an amended copy of the module into work, and has the go command build from it there.
func (a *amendment) apply(ctx context.Context, work string) error {
	module, err := moduleDir(ctx, work, a.module)
	if err != nil {
		return err
	}
	amended := filepath.Join(work, "amended", filepath.Base(a.module))
	if err := os.CopyFS(amended, os.DirFS(module)); err != nil {
		return fmt.Errorf("copy %s to amend it: %w", a.module, err)
	}
	for _, r := range a.replacements {
		if err := r.apply(amended); err != nil {
			return fmt.Errorf("amend %s: %w", a.module, err)
		}
	}
	for path, content := range a.additions {
		if err := add(filepath.Join(amended, path), content); err != nil {
			return fmt.Errorf("amend %s: %w", a.module, err)
		}
	}
	replace := exec.CommandContext(ctx, "go", "mod", "edit", "-replace="+a.module+"="+amended)
	replace.Dir = work
	if out, err := replace.CombinedOutput(); err != nil {
		return fmt.Errorf("build from the amended %s: %w\n%s", a.module, err, out)
	}
	return nil
}

// add makes a file that the module must not have: another release may bring its own.
func add(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("%w; is the amendment still needed?", err)
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}

func (r replacement) apply(module string) error {
	path := filepath.Join(module, r.file)
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if n := strings.Count(string(content), r.old); n != 1 {
		return fmt.Errorf("want %q once in %s, found it %d times; is the amendment still needed?", r.old, r.file, n)
	}
	// The copy is as read-only as the module cache it came from.
	if err := os.Chmod(path, 0o600); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(strings.Replace(string(content), r.old, r.new, 1)), 0o600)
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

package build

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNothingIsBuiltTwice(t *testing.T) {
	var out bytes.Buffer
	b := Builder{Dir: t.TempDir(), Out: &out}
	for _, c := range components {
		if err := os.WriteFile(b.Path(c.Name), nil, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Build(t.Context()); err != nil || out.Len() > 0 {
		t.Errorf("got %v and said %q, want silence", err, out.String())
	}
}

func TestPinnedVersionReachesTheProgram(t *testing.T) {
	mod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	version, err := Modules{Mod: mod}.kubernetesVersion()
	if err != nil {
		t.Fatal(err)
	}
	if flags := linkerFlags(version); !strings.Contains(flags, "gitMinor="+strings.Split(version, ".")[1]) {
		t.Errorf("flags for %s are %q", version, flags)
	}
	for _, c := range components {
		if !bytes.Contains(mod, []byte("\t"+c.Package+"\n")) {
			t.Errorf("no tool directive pins %s", c.Package)
		}
	}
}

func TestOtherVersionsGetAnotherFolder(t *testing.T) {
	one, err := Modules{Mod: []byte("a"), Sum: []byte("b")}.DefaultDir()
	if err != nil {
		t.Fatal(err)
	}
	other, err := Modules{Mod: []byte("a"), Sum: []byte("c")}.DefaultDir()
	if err != nil {
		t.Fatal(err)
	}
	if one == other {
		t.Errorf("both are built into %s", one)
	}
}

func TestNeedingAModuleDirectlyBuildsNothingAnew(t *testing.T) {
	before := Modules{Mod: []byte("require (\n\ta v1\n)\nrequire (\n\tb v1 // indirect\n\tc v2 // indirect\n)\n")}
	after := Modules{Mod: []byte("require (\n\ta v1\n\tc v2\n)\nrequire (\n\tb v1 // indirect\n)\n")}
	if before.digest() != after.digest() {
		t.Error("the same versions have another digest")
	}
	after.Mod = bytes.Replace(after.Mod, []byte("c v2"), []byte("c v3"), 1)
	if before.digest() == after.digest() {
		t.Error("another version has the same digest")
	}
}

func TestAmendmentThatNoLongerFitsFailsTheBuild(t *testing.T) {
	module := t.TempDir()
	if err := os.WriteFile(filepath.Join(module, "exec.go"), []byte("mended upstream"), 0o400); err != nil {
		t.Fatal(err)
	}
	err := replacement{file: "exec.go", old: "broken", new: "mended"}.apply(module)
	if err == nil || !strings.Contains(err.Error(), "still needed") {
		t.Errorf("got %v, want the question whether it is still needed", err)
	}
}

func TestAmendmentNeverWritesOverAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.html")
	for _, want := range []error{nil, os.ErrExist} {
		if err := add(path, emptyPage); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
}

package build

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"runbook/examples/lab/lock"
)

// Builder builds the components into Dir and says on Out what it is at.
type Builder struct {
	Modules Modules
	Dir     string
	Out     io.Writer
}

// Build makes what Dir lacks. A second build into the same folder waits for the first and then finds its work done.
func (b Builder) Build(ctx context.Context) error {
	if len(b.missing()) == 0 {
		return nil
	}
	if err := os.MkdirAll(b.Dir, 0o755); err != nil {
		return fmt.Errorf("make the folder for the programs: %w", err)
	}
	unlock, err := lock.Wait(ctx, filepath.Join(b.Dir, ".lock"), func() {
		fmt.Fprintln(b.Out, "another build into", b.Dir, "is running; waiting for it")
	})
	if err != nil {
		return err
	}
	defer unlock()
	return b.buildMissing(ctx, b.missing())
}

// Path is where the named component is, once built.
func (b Builder) Path(name string) string { return filepath.Join(b.Dir, name) }

func (b Builder) missing() []Component {
	return slices.DeleteFunc(slices.Clone(components), func(c Component) bool {
		_, err := os.Stat(b.Path(c.Name))
		return err == nil
	})
}

func (b Builder) buildMissing(ctx context.Context, missing []Component) error {
	// The lock makes this folder ours, with what a killed build may have left in it.
	work := filepath.Join(b.Dir, ".work")
	if err := errors.Join(os.RemoveAll(work), os.Mkdir(work, 0o700)); err != nil {
		return fmt.Errorf("make a folder to build in: %w", err)
	}
	defer os.RemoveAll(work) //nolint:errcheck // the next build clears what is left
	if err := b.Modules.writeTo(work); err != nil {
		return fmt.Errorf("write the module files to build with: %w", err)
	}
	version, err := b.Modules.kubernetesVersion()
	if err != nil {
		return err
	}
	for i, c := range missing {
		fmt.Fprintf(b.Out, "building %s, %d of %d; %s\n", c.Name, i+1, len(missing), estimate(missing[i:]))
		begin := time.Now()
		if err := b.buildOne(ctx, work, version, c); err != nil {
			return err
		}
		fmt.Fprintf(b.Out, "  built in %s\n", time.Since(begin).Round(time.Second))
	}
	return nil
}

// buildOne compiles in the work folder and moves the program out at the end, so that an interrupted build leaves none
// that looks finished.
func (b Builder) buildOne(ctx context.Context, work, version string, c Component) error {
	unfinished := filepath.Join(work, c.Name)
	if c.amended != nil {
		if err := c.amended.apply(ctx, work); err != nil {
			return err
		}
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-tags", c.tags, "-ldflags", linkerFlags(version), "-o", unfinished, c.Package)
	var output bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = work, &output, &output
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("build %s from %s: %w\n%s", c.Name, c.Package, err, strings.TrimSpace(output.String()))
	}
	if err := os.Rename(unfinished, b.Path(c.Name)); err != nil {
		return fmt.Errorf("put the built %s in place: %w", c.Name, err)
	}
	return nil
}

// linkerFlags strips the programs, which nobody here debugs, and tells them the version they would otherwise not
// know.
func linkerFlags(version string) string {
	numbers := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	const stamp = "-X k8s.io/component-base/version."
	return strings.Join([]string{"-s -w",
		stamp + "gitVersion=" + version,
		stamp + "gitMajor=" + numbers[0],
		stamp + "gitMinor=" + numbers[1],
		stamp + "gitTreeState=clean",
	}, " ")
}

// estimate says how long the rest may take. Only an upper bound is honest: what Go's build cache already holds
// cannot be known beforehand.
func estimate(rest []Component) string {
	var cost time.Duration
	for _, c := range rest {
		cost += c.cost
	}
	cost /= time.Duration(runtime.NumCPU())
	return fmt.Sprintf("all done in about %s, or sooner if Go's build cache knows some of it", cost.Round(10*time.Second))
}

package scenario

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/labels"

	"runbook/engine/machine"
	"runbook/engine/module"
)

// check finds what is well-formed and makes no sense.
func (s *Scenario) check(f file) error {
	for i, b := range s.Kubernetes.Behaviour {
		if field, err := b.check(); err != nil {
			return f.at(err, "kubernetes", "behaviour", i, field)
		}
	}
	for i, c := range s.Kubernetes.Commands {
		if field, err := c.check(); err != nil {
			return f.at(err, "kubernetes", "commands", i, field)
		}
	}
	if s.Host.Pod+s.Host.Namespace+s.Host.Container != "" {
		return f.at(errors.New("only one of hosts is a pod: this is the machine on which runbook runs"), "host")
	}
	if err := s.Host.check(f, "host"); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(s.Hosts)) {
		if err := s.checkHost(f, name); err != nil {
			return err
		}
	}
	if err := s.checkDevices(f); err != nil {
		return err
	}
	if err := s.S3.check(f); err != nil {
		return err
	}
	if err := s.checkContacts(f); err != nil {
		return err
	}
	for i, e := range s.Timeline {
		if field, err := e.check(); err != nil {
			return f.at(err, "timeline", i, field)
		}
	}
	for i, fault := range s.Faults {
		if field, err := fault.check(); err != nil {
			return f.at(err, "faults", i, field)
		}
	}
	return nil
}

func (s *Scenario) checkHost(f file, name string) error {
	if name == "" || name == machine.Local {
		return f.at(errors.New("this is the machine on which runbook runs: what it has stands in the section host"), "hosts", name)
	}
	if fault := machine.CheckPod(s.Hosts[name].Pod); s.Hosts[name].Pod != "" && fault != "" {
		return f.at(errors.New(fault), "hosts", name, "pod")
	}
	return s.Hosts[name].check(f, "hosts", name)
}

func (h Host) check(f file, path ...any) error {
	for i, a := range h.Commands {
		if field, err := a.check(); err != nil {
			return f.at(err, append(path, "commands", i, field)...)
		}
	}
	return h.checkFiles(f, path)
}

func (b Behaviour) check() (field string, err error) {
	if err := selector(b.Pods); err != nil {
		return "pods", err
	}
	if err := b.Be.check(); err != nil {
		return "be", err
	}
	return b.Manner.check()
}

func (c Command) check() (field string, err error) {
	if err := selector(c.Pods); err != nil {
		return "pods", err
	}
	return c.Answer.check()
}

func (a Answer) check() (field string, err error) {
	switch {
	case len(a.Argv) == 0:
		return "", errors.New("a command needs argv: [df, -h]")
	case a.Reads && slices.Contains([]string{"", "*", "..."}, a.Argv[0]):
		return "argv", errors.New("a command that only looks begins with the name of a program: [df, -h]")
	case a.ExitCode < 0 || a.ExitCode > 255:
		return "exit_code", errors.New("an exit code is from 0 to 255")
	case a.Takes < 0:
		return "takes", errors.New("a duration is not negative here")
	}
	return "", nil
}

// Ways lists the ways in which a pod can behave.
func Ways() []string {
	all := []How{Healthy, CrashLoop, OOM, NeverReady, BadImage, Unschedulable, Stuck, Completes, Fails}
	out := make([]string, len(all))
	for i, h := range all {
		out[i] = string(h)
	}
	return out
}

func (h How) check() error {
	if slices.Contains(Ways(), string(h)) {
		return nil
	}
	return fmt.Errorf("no pod behaves %q%s", h, module.Suggest(string(h), Ways()))
}

func (m Manner) check() (field string, err error) {
	for _, d := range []struct {
		field string
		value int64
	}{{"starts", int64(m.Starts)}, {"ready", int64(m.Ready)}, {"runs", int64(m.Runs)}, {"stops", int64(m.Stops)}} {
		if d.value < 0 {
			return d.field, errors.New("a duration is not negative here")
		}
	}
	if m.ExitCode < 0 || m.ExitCode > 255 {
		return "exit_code", errors.New("an exit code is from 0 to 255")
	}
	for _, q := range []string{m.Usage.CPU, m.Usage.Memory} {
		if _, err := resource.ParseQuantity(q); q != "" && err != nil {
			return "usage", fmt.Errorf("%q is no quantity such as 250m or 512Mi", q)
		}
	}
	return "", nil
}

func selector(text string) error {
	if _, err := labels.Parse(text); err != nil {
		return fmt.Errorf("%q is no label selector such as app=web: %w", text, err)
	}
	return nil
}

func (e Event) check() (field string, err error) {
	var has []string
	for name, given := range map[string]bool{
		"become": e.Become != "", "apply": e.Apply != nil, "patch": e.Patch != "", "delete": e.Delete != "", "fault": e.Fault != nil, "device": e.Device != "",
		"file": e.File != "", "disk": e.Disk != "", "object": e.Object != "",
	} {
		if given {
			has = append(has, name)
		}
	}
	slices.Sort(has)
	if len(has) != 1 {
		return "", fmt.Errorf("an event is one of become, apply, patch, delete, device, file, disk, object and fault, and this has %s", orNone(has))
	}
	switch {
	case e.On != "" && e.File == "" && e.Disk == "":
		return "on", errors.New("only files and disks are on a machine")
	case e.Every != 0 && e.Every < time.Second:
		return "every", errors.New("from one time to the next it is a second or more")
	case e.Times < 0 || e.Times > 0 && e.Every == 0:
		return "times", errors.New("times is how often it happens, with every: 10s")
	case e.Become != "":
		if err := e.Become.check(); err != nil {
			return "become", err
		}
		if err := selector(e.Pods); err != nil {
			return "pods", err
		}
		if e.Count < 0 {
			return "count", errors.New("a count is not negative")
		}
		return e.Manner.check()
	case e.Patch != "":
		if len(e.With) == 0 {
			return "patch", errors.New("a patch needs what to change: with: {spec: {replicas: 5}}")
		}
		return "patch", named(e.Patch)
	case e.Delete != "":
		return "delete", named(e.Delete)
	case e.Device != "":
		_, err := e.Changed()
		return "device", err
	case e.File != "":
		_, err := e.OfFile()
		return "file", err
	case e.Disk != "":
		_, err := e.OfDisk()
		return "disk", err
	case e.Object != "":
		_, _, _, err := e.OfObject()
		return "object", err
	case e.Fault != nil:
		field, err := e.Fault.check()
		return "fault", prefixed(field, err)
	}
	return "", nil
}

func prefixed(field string, err error) error {
	if err == nil || field == "" {
		return err
	}
	return fmt.Errorf("%s: %w", field, err)
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none of them"
	}
	return strings.Join(names, " and ")
}

func named(text string) error {
	kind, name, ok := strings.Cut(text, "/")
	if !ok || kind == "" || name == "" {
		return fmt.Errorf("%q is not of the form kind/name", text)
	}
	return nil
}

// The answers of a fault that are no HTTP status.
const (
	Timeout = "timeout"
	Cut     = "cut"
	Half    = "half"
	Slow    = "slow"
)

func (f Fault) check() (field string, err error) {
	words := strings.Fields(f.On)
	if len(words) == 0 || len(words) > 2 {
		return "on", fmt.Errorf(`%q does not say which calls: a verb and a resource, such as "delete pods", or a system, such as "kubernetes"`, f.On)
	}
	others := []string{Timeout, Cut, Half, Slow}
	status, err := strconv.Atoi(f.Answer)
	switch {
	case err != nil && !slices.Contains(others, f.Answer):
		return "answer", fmt.Errorf("%q is neither an HTTP status from 400 to 599 nor one of %s", f.Answer, strings.Join(others, ", "))
	case err == nil && (status < 400 || status > 599):
		return "answer", fmt.Errorf("%d is no HTTP status from 400 to 599", status)
	case f.Answer == Slow && f.Takes <= 0:
		return "takes", errors.New("a slow answer says how long it takes: takes: 5s")
	case f.Done && f.Answer == Slow:
		return "done", errors.New("a slow answer is a good one: leave out done")
	case f.Skip < 0:
		return "skip", errors.New("a number of calls is not negative")
	case f.Times < -1:
		return "times", errors.New("times is a number of calls, or -1 for every one")
	}
	return "", nil
}

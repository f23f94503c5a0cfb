package scenario

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"time"

	"runbook/engine/contact"
	"runbook/engine/workload"
)

// over is the scenario laid over the one that it extends. What it says comes first where the first that fits counts (behaviour,
// commands, faults), and last where things are made in order (manifests, timeline). An object, a series or a rule that both have is
// one: of an object, the fields that this one says. What a scenario is for (summary, read_only) is not inherited.
func (s *Scenario) over(base *Scenario) *Scenario {
	out := *s
	if out.Clock.IsZero() {
		out.Clock = base.Clock
	}
	k, b := &out.Kubernetes, &base.Kubernetes
	k.Context = cmp.Or(k.Context, b.Context)
	k.Namespace = cmp.Or(k.Namespace, b.Namespace)
	k.User = cmp.Or(k.User, b.User)
	k.Version = cmp.Or(k.Version, b.Version)
	k.Age = cmp.Or(k.Age, b.Age)
	k.Manifests = manifestsOver(k.Manifests, b.Manifests)
	k.Behaviour = slices.Concat(k.Behaviour, b.Behaviour)
	k.Commands = slices.Concat(k.Commands, b.Commands)
	out.Host = out.Host.over(base.Host)
	out.Hosts = hostsOver(out.Hosts, base.Hosts)
	out.Devices = devicesOver(out.Devices, base.Devices)
	out.S3 = out.S3.over(base.S3)
	p := &out.Prometheus
	p.Interval = cmp.Or(p.Interval, base.Prometheus.Interval)
	p.Series = replaced(base.Prometheus.Series, p.Series, func(s Series) string { return s.Series })
	p.Rules = replaced(base.Prometheus.Rules, p.Rules, func(r Rule) string { return r.Alert })
	out.Notify.Receivers = receiversOver(out.Notify.Receivers, base.Notify.Receivers)
	out.Alertmanager.Silences = slices.Concat(base.Alertmanager.Silences, out.Alertmanager.Silences)
	out.Escalation = out.Escalation.Or(base.Escalation)
	out.Timeline = slices.Concat(base.Timeline, out.Timeline)
	slices.SortStableFunc(out.Timeline, func(a, b Event) int { return cmp.Compare(a.At, b.At) })
	out.Faults = slices.Concat(out.Faults, base.Faults)
	sum := sha256.Sum256([]byte(out.Digest + base.Digest))
	out.Digest = hex.EncodeToString(sum[:])
	return &out
}

func (h Host) over(base Host) Host {
	return Host{
		Pod: cmp.Or(h.Pod, base.Pod), Namespace: cmp.Or(h.Namespace, base.Namespace), Container: cmp.Or(h.Container, base.Container),
		Commands: slices.Concat(h.Commands, base.Commands),
		Files:    filesOver(h.Files, base.Files),
		Disks:    disksOver(h.Disks, base.Disks),
		Users:    slices.Concat(base.Users, h.Users),
	}
}

func hostsOver(own, base map[string]Host) map[string]Host {
	out := maps.Clone(base)
	if out == nil {
		return own
	}
	for name, h := range own {
		out[name] = h.over(base[name])
	}
	return out
}

func receiversOver(own, base map[string]contact.Receiver) map[string]contact.Receiver {
	out := maps.Clone(base)
	if out == nil {
		return own
	}
	maps.Copy(out, own)
	return out
}

// replaced is base with what own has of the same name in its place, and the rest of own after it.
func replaced[T any](base, own []T, name func(T) string) []T {
	out := slices.Clone(base)
	for _, o := range own {
		at := slices.IndexFunc(out, func(b T) bool { return name(b) == name(o) })
		if at < 0 {
			out = append(out, o)
		} else {
			out[at] = o
		}
	}
	return out
}

// manifestsOver lays objects over those of the same kind and name.
func manifestsOver(own, base []Manifest) []Manifest {
	out := make([]Manifest, len(base))
	for i, m := range base {
		out[i] = Manifest{File: m.File, Objects: slices.Clone(m.Objects), Where: m.Where}
	}
	for _, m := range own {
		left := Manifest{File: m.File, Where: m.Where}
		for _, o := range m.Objects {
			if !layOver(out, o, m.Where) {
				left.Objects = append(left.Objects, o)
			}
		}
		if len(left.Objects) > 0 {
			out = append(out, left)
		}
	}
	return out
}

func layOver(base []Manifest, o map[string]any, where string) bool {
	for i := range base {
		for j, b := range base[i].Objects {
			if identity(b) == identity(o) {
				base[i].Objects[j] = workload.Merge(b, o)
				base[i].Where = where // what is wrong now was not before
				return true
			}
		}
	}
	return false
}

func identity(o map[string]any) [4]string {
	return [4]string{
		workload.Text(o, "apiVersion"), workload.Text(o, "kind"),
		workload.Text(o, "metadata", "namespace"), workload.Text(o, "metadata", "name"),
	}
}

// ContextName is the name of the kubeconfig's context.
func (k *Kubernetes) ContextName() string { return cmp.Or(k.Context, "scenario") }

// DefaultNamespace is the namespace of the context.
func (k *Kubernetes) DefaultNamespace() string { return cmp.Or(k.Namespace, "default") }

// UserName is who the run is.
func (k *Kubernetes) UserName() string { return cmp.Or(k.User, "admin") }

// aged is how old a site is that does not say it.
const aged = 24 * time.Hour

// Aged is how long ago the manifests were applied.
func (k *Kubernetes) Aged() time.Duration { return cmp.Or(k.Age, aged) }

// Starts is the scenario's clock.
func (s *Scenario) Starts() time.Time {
	if s.Clock.IsZero() {
		return Began
	}
	return s.Clock
}

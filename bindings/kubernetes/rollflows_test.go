package kubernetes

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/workload"
)

// What restart, undo, pause, resume, rollout and history do on a site.

// rolling are the kinds that roll out, as a script names the case's object of that kind.
var rollers = []string{"deployment/web", "statefulset/web", "daemonset/web"}

// roller is the manifest of a workload that rolls out.
func roller(ref, namespace string, replicas int) map[string]any {
	o := deploymentNamed("web", namespace, replicas)
	spec := o["spec"].(map[string]any)
	switch {
	case strings.HasPrefix(ref, "statefulset"):
		o["kind"], spec["serviceName"] = "StatefulSet", "web"
	case strings.HasPrefix(ref, "daemonset"):
		o["kind"] = "DaemonSet"
		delete(spec, "replicas")
		spec["template"].(map[string]any)["spec"].(map[string]any)["nodeSelector"] = map[string]any{"kubernetes.io/hostname": "lab-node-1"}
	}
	o["metadata"].(map[string]any)["annotations"] = map[string]any{changeCause: "first"}
	return o
}

// ended waits until a workload's rollout is at its end.
func (s *site) ended(d driver, ref string) object {
	s.Helper()
	var now object
	s.eventually(func() bool {
		now = d.read("rollout", ref, opts("namespace", s.namespace)).(object)
		return now["done"] == true
	}, "%s", ref)
	return now
}

func (s *site) images(d driver, ref string) (out []string) {
	for _, item := range d.read("history", ref, opts("namespace", s.namespace)).([]any) {
		r := item.(object)
		mark := ""
		if r["current"] == true {
			mark = "*"
		}
		out = append(out, mark+strings.TrimPrefix(r["images"].([]string)[0], "registry.example/"))
	}
	return out
}

func flowRollout(s *site) {
	d := s.driver("admin", false)
	in := opts("namespace", s.namespace)
	for _, ref := range rollers {
		d.apply("create", roller(ref, s.namespace, 2))
		s.eventually(func() bool { return len(s.images(d, ref)) == 1 })
		now := s.ended(d, ref)
		require.Equal(s, int64(1), now["revision"], ref)
		first := d.read("history", ref, opts("namespace", s.namespace, "templates", true)).([]any)[0].(object)
		require.Equal(s, "first", first["change_cause"])
		require.Equal(s, "web", workload.Text(first["template"].(object), "metadata", "labels", "app"))
		require.Nil(s, workload.Dig(first["template"].(object), "metadata", "labels", "pod-template-hash"))

		_, err := d.act("undo", ref, in).Predict(s.Context(), d.view)
		require.Equal(s, action.CodeRejected, action.CodeOf(err), "%v", err)
		require.ErrorContains(s, err, "there is no earlier revision")
		require.Contains(s, hintOf(err), "it has 1 (the present one): kubectl rollout history")

		d.apply("patch", ref, withImage("registry.example/web:2"), in)
		s.eventually(func() bool { return len(s.images(d, ref)) == 2 })
		require.Equal(s, []string{"web:1", "*web:2"}, s.images(d, ref))
		now = s.ended(d, ref)
		require.Equal(s, now["wanted"], now["available"])
		require.Equal(s, now["wanted"], now["updated"])
		require.Contains(s, now["message"], map[string]string{
			"deployment/web": `deployment "web" successfully rolled out`, "statefulset/web": "partitioned roll out complete: 2 new pods have been updated...",
			"daemonset/web": `daemon set "web" successfully rolled out`,
		}[ref])

		s.undone(d, ref)
		s.restarted(d, ref)
		d.apply("delete", ref, in)
		s.until(d, ref, opts("namespace", s.namespace, "condition", "deleted"))
		s.eventually(func() bool { return len(d.list("pods", in)) == 0 })
	}
	_, err := d.m.Func("restart").Act(map[string]any{"ref": "service/web"})
	require.ErrorContains(s, err, "cannot restart services/web in photon-mlir: that is for deployments, statefulsets and daemonsets")
}

// undone goes back from web:2 to web:1.
func (s *site) undone(d driver, ref string) {
	s.Helper()
	in := opts("namespace", s.namespace)
	_, err := d.act("undo", ref, opts("namespace", s.namespace, "revision", 7.0)).Predict(s.Context(), d.view)
	require.ErrorContains(s, err, "there is no revision 7")
	require.Contains(s, hintOf(err), "it has 1 and 2 (the present one)")

	back := d.act("undo", ref, in)
	require.True(s, back.Describe().Idempotent)
	p, err := back.Predict(s.Context(), d.view)
	require.NoError(s, err)
	require.Equal(s, action.Validated, p.Label)
	require.Equal(s, int64(1), p.Value)
	require.Equal(s, "registry.example/web:2", p.Evidence.Old[webImage])
	d.settles(action.NotDone, back, action.Intent{Evidence: p.Evidence})
	result, err := back.Apply(s.Context(), p)
	require.NoError(s, err)
	require.Equal(s, int64(1), result.Value)
	d.settles(action.Done, back, action.Intent{Evidence: p.Evidence})
	d.settles(action.Unknown, d.act("undo", ref, in), action.Intent{Evidence: p.Evidence})
	_, err = d.act("undo", ref, in).Apply(s.Context(), p)
	require.Equal(s, action.CodeConflict, action.CodeOf(err), "%v", err)
	s.eventually(func() bool { return strings.Join(s.images(d, ref), " ") == "web:2 *web:1" })
	require.Equal(s, int64(3), s.ended(d, ref)["revision"])
	p, err = d.act("undo", ref, opts("namespace", s.namespace, "revision", 3.0)).Predict(s.Context(), d.view)
	require.NoError(s, err)
	require.True(s, p.Unchanged)
}

// flowUndoAgreed finds a workload as it was when the undo was predicted, but for what it would go back to: others rolled it to and fro
// meanwhile.
func flowUndoAgreed(s *site) {
	d := s.driver("admin", false)
	in := opts("namespace", s.namespace)
	for _, ref := range rollers {
		d.apply("create", roller(ref, s.namespace, 1))
		s.ended(d, ref)
		roll := func(image string, revision int64) {
			d.apply("patch", ref, withImage("registry.example/"+image), in)
			s.eventually(func() bool { return s.ended(d, ref)["revision"] == revision })
		}
		roll("web:2", 2)
		roll("web:3", 3)
		back := d.act("undo", ref, in)
		p, err := back.Predict(s.Context(), d.view)
		require.NoError(s, err)
		require.Equal(s, int64(2), p.Value)
		roll("web:1", 4)
		roll("web:3", 5)
		now, err := d.act("undo", ref, in).Predict(s.Context(), d.view)
		require.NoError(s, err)
		require.NotEqual(s, p.Evidence, now.Evidence, "a plan must not go by the fields alone")
		_, err = back.Apply(s.Context(), p)
		require.Equal(s, action.CodeConflict, action.CodeOf(err), "%v", err)
		require.ErrorContains(s, err, "the revision to go back to was 2 when this was planned and is 4 now")
		require.Equal(s, "*web:3", s.images(d, ref)[2])
		d.apply("delete", ref, in)
		s.until(d, ref, opts("namespace", s.namespace, "condition", "deleted"))
		s.eventually(func() bool { return len(d.list("pods", in)) == 0 })
	}
}

func (s *site) restarted(d driver, ref string) {
	s.Helper()
	in := opts("namespace", s.namespace)
	before := d.names("pods", in)
	again := d.act("restart", ref, in)
	p, err := again.Predict(s.Context(), d.view)
	require.NoError(s, err)
	require.Equal(s, action.Validated, p.Label)
	d.settles(action.NotDone, again, action.Intent{Evidence: p.Evidence})
	s.pass(2 * time.Second) // what is sent is what was shown, also after a while
	result, err := again.Apply(s.Context(), p)
	require.NoError(s, err)
	path := []string{"spec", "template", "metadata", "annotations", restartedAt}
	sent, err := decode(result.Value.(json.RawMessage))
	require.NoError(s, err)
	require.Equal(s, workload.Text(p.Changes[0].After.(object), path...), workload.Text(sent, path...))
	d.settles(action.Done, again, action.Intent{Evidence: p.Evidence})
	d.settles(action.Done, d.act("restart", ref, in), action.Intent{Evidence: p.Evidence})
	s.eventually(func() bool { return len(s.images(d, ref)) == 3 })
	s.ended(d, ref)
	if !strings.HasPrefix(ref, "stateful") { // whose pods keep their names
		require.NotEqual(s, before, d.names("pods", in))
	}
}

func flowPause(s *site) {
	d := s.driver("admin", false)
	in := opts("namespace", s.namespace)
	ref := "deployment/web"
	d.apply("create", roller(ref, s.namespace, 2))
	s.ended(d, ref)
	require.Equal(s, true, d.apply("pause", ref, in).Value)
	p, err := d.act("pause", ref, in).Predict(s.Context(), d.view)
	require.NoError(s, err)
	require.True(s, p.Unchanged)
	require.Equal(s, false, p.Value)
	require.Equal(s, true, d.read("rollout", ref, in).(object)["paused"])
	for _, function := range []string{"restart", "undo"} {
		_, err = d.act(function, ref, in).Predict(s.Context(), d.view)
		require.Equal(s, action.CodeRejected, action.CodeOf(err))
		require.ErrorContains(s, err, "it is paused, so nothing would be rolled out")
		require.Contains(s, hintOf(err), "kubectl rollout resume deployments.apps/web -n "+s.namespace)
	}
	d.apply("patch", ref, withImage("registry.example/web:2"), in)
	s.eventually(func() bool {
		o := d.get(ref, in)
		return workload.Equal(workload.Dig(o, "metadata", "generation"), workload.Dig(o, "status", "observedGeneration"))
	})
	require.Equal(s, []string{"web:1"}, s.images(d, ref), "nothing is rolled out")
	resume := d.act("resume", ref, in)
	p, err = resume.Predict(s.Context(), d.view)
	require.NoError(s, err)
	require.Equal(s, map[string]any{"spec.paused": true}, p.Evidence.Old)
	_, err = resume.Apply(s.Context(), p)
	require.NoError(s, err)
	d.settles(action.Done, resume, action.Intent{Evidence: p.Evidence})
	s.eventually(func() bool { return len(s.images(d, ref)) == 2 })
	s.ended(d, ref)
	require.Equal(s, []string{"web:1", "*web:2"}, s.images(d, ref))
}

// flowPlannedRollout makes several writes of one workload, dry and then for real: what each rests on must be the same, or a plan would
// drift by itself.
func flowPlannedRollout(s *site) {
	in := opts("namespace", s.namespace)
	for _, ref := range rollers {
		d, rehearsed := s.driver("admin", false), s.driver("admin", true)
		d.apply("create", roller(ref, s.namespace, 1))
		s.ended(d, ref)
		writes := func(tell func(function string, values ...any)) {
			tell("patch", ref, withImage("registry.example/web:2"), in)
			tell("restart", ref, in)
			tell("restart", ref, in)
			tell("undo", ref, in)
			tell("undo", ref, opts("namespace", s.namespace, "revision", 1.0))
		}
		var planned []action.Evidence
		writes(func(function string, values ...any) {
			planned = append(planned, rehearsed.predict(function, values...).Evidence)
			rehearsed.assume(ref, in)
			s.pass(1500 * time.Millisecond) // two restarts within a second are one
		})
		writes(func(function string, values ...any) {
			a := d.act(function, values...)
			p, err := a.Predict(s.Context(), d.view)
			require.NoError(s, err)
			before := planned[0]
			planned = planned[1:]
			for field, value := range p.Evidence.Old {
				if before.Old[field] != action.OwnDoing {
					require.Equal(s, before.Old[field], value, "%s %s: %s", function, ref, field)
				}
			}
			require.Equal(s, before.UID, p.Evidence.UID)
			_, err = a.Apply(s.Context(), p)
			require.NoError(s, err)
			revision := d.read("rollout", ref, in).(object)["revision"]
			s.eventually(func() bool { return s.ended(d, ref)["revision"] == revision })
			s.pass(1500 * time.Millisecond)
		})
		d.apply("delete", ref, in)
		s.until(d, ref, opts("namespace", s.namespace, "condition", "deleted"))
		s.eventually(func() bool { return len(d.list("pods", in)) == 0 })
	}
}

// A dry run sees the rollouts that it intends, and nobody else does.
func flowDryRollout(s *site) {
	live, d := s.driver("admin", false), s.driver("admin", true)
	in := opts("namespace", s.namespace)
	for _, ref := range rollers {
		live.apply("create", roller(ref, s.namespace, 2))
		s.eventually(func() bool { return len(s.images(live, ref)) == 1 })
		s.ended(live, ref)
		live.apply("patch", ref, withImage("registry.example/web:2"), in)
		s.eventually(func() bool { return len(s.images(live, ref)) == 2 })
		wanted := s.ended(live, ref)["wanted"]

		p := d.predict("undo", ref, in)
		require.Equal(s, action.Validated, p.Label, ref)
		require.Equal(s, int64(1), p.Value)
		require.Equal(s, []string{"web:2", "*web:1"}, s.images(d, ref), ref)
		now := d.read("rollout", ref, in).(object)
		require.Equal(s, false, now["done"], "%s: %v", ref, now)
		require.Equal(s, int64(3), now["revision"], ref)
		require.False(s, d.check(ref, in).Met)
		d.assume(ref, in)
		now = d.read("rollout", ref, in).(object)
		require.Equal(s, true, now["done"], "%s: %v", ref, now)
		require.Equal(s, wanted, now["updated"], ref)

		p = d.predict("restart", ref, in)
		require.Equal(s, action.Simulated, p.Label)
		require.Equal(s, []string{"web:2", "web:1", "*web:1"}, s.images(d, ref), ref)
		require.Equal(s, false, d.read("rollout", ref, in).(object)["done"])
		p = d.predict("undo", ref, opts("namespace", s.namespace, "revision", 2.0))
		require.Equal(s, action.Simulated, p.Label)
		require.Equal(s, []string{"web:1", "web:1", "*web:2"}, s.images(d, ref), ref)
		d.assume(ref, in)
		require.Equal(s, true, d.read("rollout", ref, in).(object)["done"])

		require.Equal(s, []string{"web:1", "*web:2"}, s.images(live, ref), "nobody else has noticed")
		live.apply("delete", ref, in)
		d.view = &fakeView{}
		s.eventually(func() bool { return len(live.list("pods", in)) == 0 })
	}

	ref := "deployment/web"
	live.apply("create", roller(ref, s.namespace, 2))
	s.ended(live, ref)
	require.Equal(s, true, d.predict("pause", ref, in).Value)
	d.predict("patch", ref, withImage("registry.example/web:2"), in)
	require.Equal(s, []string{"web:1"}, s.images(d, ref))
	require.Equal(s, true, d.predict("resume", ref, in).Value)
	require.Equal(s, []string{"web:1", "*web:2"}, s.images(d, ref))
}

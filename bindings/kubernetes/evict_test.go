package kubernetes

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/workload"
)

// tooMany is what an API server answers to an eviction, with these causes; a server that has too much to do names none.
func tooMany(after int, causes ...object) http.HandlerFunc {
	status := object{
		"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "TooManyRequests", "code": 429,
		"message": "Cannot evict pod as it would violate the pod's disruption budget.",
		"details": object{"retryAfterSeconds": after, "causes": causes},
	}
	return func(w http.ResponseWriter, r *http.Request) {
		raw, err := encode(status)
		if err != nil {
			panic(err)
		}
		answerJSON(429, string(raw))(w, r)
	}
}

func budgetCause(message string) object {
	return object{"reason": "DisruptionBudget", "message": message}
}

// What goes wrong with an eviction, and whether the gate may try it again.
func TestEvictionsThatGoWrong(t *testing.T) {
	pod := podJSON("a", nil)
	for _, c := range []struct {
		name      string
		answer    http.HandlerFunc
		code      action.Code
		retryable bool
		after     time.Duration
		says      string
		hint      string
	}{
		{
			"a budget", tooMany(0, budgetCause("The disruption budget web needs 2 healthy pods and has 2 currently")), action.CodeThrottled, false, 0,
			"cannot evict pods/a in shop: its PodDisruptionBudget does not allow it now: The disruption budget web needs 2 healthy pods and has 2 currently",
			`condition = "evictable"`,
		},
		{
			"a budget that is not counted", tooMany(10, budgetCause("The disruption budget web is still being processed by the server.")),
			action.CodeThrottled, false, 0, "The disruption budget web is still being processed by the server", `condition = "evictable"`,
		},
		{"a busy server", tooMany(7), action.CodeThrottled, true, 7 * time.Second, "Cannot evict pod", "try again in 7s"},
		{"another cause", tooMany(0, object{"reason": "Other", "message": "x"}), action.CodeThrottled, true, 0, "Cannot evict pod", "try again"},
		{
			"two budgets", answerJSON(500, `{"kind":"Status","status":"Failure","code":500,"message":"This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."}`),
			action.CodeRejected, false, 0, "more than one PodDisruptionBudget", "kubectl get pdb -n shop",
		},
		{
			"no right", failure(403, "Forbidden", `User "x" cannot create resource "pods/eviction"`), action.CodeForbidden, false, 0, "pods/eviction",
			"kubectl auth can-i create pods --subresource=eviction -n shop",
		},
		{"another pod", failure(409, "Conflict", "the UID in the precondition does not match"), action.CodeConflict, false, 0, "metadata.uid was u-a when this was planned and is uid-a now", ""},
		{"a server in trouble", failure(500, "InternalError", "etcdserver: request timed out"), action.CodeUncertain, false, 0, "etcdserver", ""},
		{"a lost connection", hangUp, action.CodeUncertain, false, 0, "the connection was lost before an answer came", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, s := stubbed(t, map[string]http.HandlerFunc{
				"GET " + podsPath + "/a":           answerJSON(200, string(toRaw(t, pod))),
				"POST " + podsPath + "/a/eviction": c.answer,
			})
			_, err := d.act("evict", "pod/a").Apply(t.Context(), action.Prediction{Evidence: action.Evidence{UID: "u-a"}})
			e := asError(t, err)
			require.Equal(t, c.code, e.Code, "%v", err)
			require.Equal(t, c.retryable, e.Retryable)
			require.Equal(t, c.after, e.After)
			require.ErrorContains(t, err, c.says)
			require.Contains(t, e.Hint, c.hint)
			require.Equal(t, "pods/a in shop", e.Target.String())
			require.Len(t, s.requests("POST"), 1, "trying again is the gate's")
		})
	}
}

// An eviction says which pod it means, and what it says of itself is what the second wall reads.
func TestWhatAnEvictionSends(t *testing.T) {
	pod := podJSON("a", nil)
	d, s := stubbed(t, map[string]http.HandlerFunc{
		"GET " + podsPath + "/a":           answerJSON(200, string(toRaw(t, pod))),
		"GET " + budgetsPath:               answerJSON(200, `{"kind":"PodDisruptionBudgetList","items":[]}`),
		"POST " + podsPath + "/a/eviction": answerJSON(201, `{"kind":"Status","status":"Success"}`),
	})
	evict := d.act("evict", "a", opts("grace", "90s"))
	require.Equal(t, []action.Arg{{Name: "grace", Value: int64(90)}}, evict.Describe().Identity)
	p, err := evict.Predict(t.Context(), d.view)
	require.NoError(t, err)
	_, err = evict.Apply(t.Context(), p)
	require.NoError(t, err)
	var sent []object
	for _, r := range s.requests("POST") {
		if r.path == podsPath+"/a/eviction" {
			body, err := decode([]byte(r.body))
			require.NoError(t, err)
			require.Empty(t, r.query)
			sent = append(sent, workload.Map(body, "deleteOptions"))
		}
	}
	require.Len(t, sent, 2)
	require.Equal(t, []any{"All"}, sent[0]["dryRun"])
	require.Nil(t, sent[1]["dryRun"])
	for _, options := range sent {
		require.Equal(t, int64(90), options["gracePeriodSeconds"])
		require.Equal(t, uidOf(toObject(t, pod)), workload.Text(options, "preconditions", "uid"))
	}
}

// Who may not look at budgets may evict all the same, and is told what is not known.
func TestAnEvictionWithoutTheRightToSeeBudgets(t *testing.T) {
	d, _ := stubbed(t, map[string]http.HandlerFunc{
		"GET " + podsPath + "/a":           answerJSON(200, string(toRaw(t, podJSON("a", nil)))),
		"GET " + budgetsPath:               failure(403, "Forbidden", "no"),
		"POST " + podsPath + "/a/eviction": answerJSON(201, `{"kind":"Status","status":"Success"}`),
	})
	p, err := d.act("evict", "a").Predict(t.Context(), d.view)
	require.NoError(t, err)
	require.Equal(t, action.Validated, p.Label)
	require.Contains(t, p.Note, "what follows of it is not known: cannot list poddisruptionbudgets in shop: no")
	require.Error(t, p.Missed)
}

// What goes wrong with a write of a rollout is told as for any other.
func TestRestartsThatGoWrong(t *testing.T) {
	const path = "/apis/apps/v1/namespaces/shop/deployments/web"
	web := `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop","uid":"u1","resourceVersion":"5"},"spec":{"template":{}}}`
	for _, c := range []struct {
		name    string
		answer  http.HandlerFunc
		code    action.Code
		again   bool
		patches int
	}{
		{"forbidden", failure(403, "Forbidden", "no"), action.CodeForbidden, false, 1},
		{"moved on, always", failure(409, "Conflict", "the object has been modified"), action.CodeConflict, false, conflictTries},
		{"a busy server", failure(429, "TooManyRequests", "slow down"), action.CodeThrottled, true, 1},
		{"a server in trouble", failure(500, "InternalError", "etcdserver"), action.CodeUncertain, false, 1},
		{"a lost connection", hangUp, action.CodeUncertain, false, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, s := stubbed(t, map[string]http.HandlerFunc{"GET " + path: answerJSON(200, web), "PATCH " + path: c.answer})
			_, err := d.act("restart", "deployment/web").Apply(t.Context(), action.Prediction{Evidence: action.Evidence{UID: "u1"}})
			require.Equal(t, c.code, asError(t, err).Code, "%v", err)
			require.Equal(t, c.again, asError(t, err).Retryable)
			require.Len(t, s.requests("PATCH"), c.patches)
		})
	}
}

// A rollout that has failed says so, and one that goes on by hand says how far it is.
func TestRolloutsThatDoNotGoOn(t *testing.T) {
	deployment := toObject(t, deploymentNamed("web", "shop", 3))
	deployment = workload.With(deployment, object{"replicas": 3, "updatedReplicas": 1, "availableReplicas": 2, "conditions": []any{
		object{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"},
	}}, "status")
	done, failed, message, err := rolloutStatus(deployment)
	require.NoError(t, err)
	require.False(t, done)
	require.True(t, failed)
	require.Equal(t, "its rollout exceeded its progress deadline: 2 of 3 replicas available", message)

	set := workload.With(deployment, "StatefulSet", "kind")
	set = workload.With(set, "OnDelete", "spec", "updateStrategy", "type")
	done, failed, message, err = rolloutStatus(set)
	require.NoError(t, err)
	require.False(t, done)
	require.False(t, failed)
	require.Equal(t, "1 of 3 pods are updated; the others are replaced when somebody deletes them (OnDelete)", message)
	done, _, message, err = rolloutStatus(workload.With(workload.With(set, 3, "status", "updatedReplicas"), 3, "status", "availableReplicas"))
	require.NoError(t, err)
	require.True(t, done)
	require.Equal(t, "3 of 3 pods are updated", message)
}

func toObject(t *testing.T, v any) object {
	o, err := decode(toRaw(t, v))
	require.NoError(t, err)
	return o
}

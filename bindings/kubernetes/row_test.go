package kubernetes

import (
	"strings"
	"testing"
	"time"

	"runbook/bindings/kubernetes/printers"
	"runbook/engine/workload"

	"github.com/stretchr/testify/require"
)

// ago is a timestamp that long before the tests' present.
func ago(d time.Duration) string { return testNow.Add(-d).Format(time.RFC3339) }

func container(name string, state object, more ...any) object {
	c := object{"name": name, "state": state, "restartCount": int64(0)}
	for i := 0; i < len(more); i += 2 {
		c[more[i].(string)] = more[i+1]
	}
	return c
}

func waitsFor(reason string) object { return object{"waiting": object{"reason": reason}} }

func ended(code int64, more ...any) object {
	terminated := object{"exitCode": code}
	for i := 0; i < len(more); i += 2 {
		terminated[more[i].(string)] = more[i+1]
	}
	return object{"terminated": terminated}
}

var runs = object{"running": object{"startedAt": ago(time.Hour)}}

// podWith is a pod with as many containers as it has statuses.
func podWith(phase string, init, main []object) object {
	pod := object{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": object{"name": "p", "namespace": "shop", "creationTimestamp": ago(2 * time.Hour)},
		"spec":     object{"containers": specsOf(main), "initContainers": specsOf(init), "nodeName": "n1"},
		"status":   object{"phase": phase, "containerStatuses": anys(main), "initContainerStatuses": anys(init), "podIP": "10.0.0.1"},
	}
	return pod
}

func specsOf(statuses []object) []any {
	out := []any{}
	for _, s := range statuses {
		spec := object{"name": s["name"]}
		if s["sidecar"] == true {
			spec["restartPolicy"] = "Always"
		}
		out = append(out, spec)
	}
	return out
}

func anys(list []object) []any {
	out := []any{}
	for _, o := range list {
		out = append(out, o)
	}
	return out
}

func withStatus(o object, pairs ...any) object {
	for i := 0; i < len(pairs); i += 2 {
		o["status"].(object)[pairs[i].(string)] = pairs[i+1]
	}
	return o
}

func metadata(o object, key string, value any) object {
	o["metadata"].(object)[key] = value
	return o
}

func conditions(pairs ...string) []any {
	out := []any{}
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, object{"type": pairs[i], "status": pairs[i+1]})
	}
	return out
}

// The statuses are those that kubectl prints for such pods; the cases follow the test of printPod in Kubernetes.
func TestPodRows(t *testing.T) {
	type pod = []object
	for _, c := range []struct {
		name                    string
		pod                     object
		ready, status, restarts string
		failing                 bool
	}{
		{"runs", podWith("Running", nil, pod{container("a", runs, "ready", true), container("b", runs)}), "1/2", "Running", "0", true},
		{
			"runs and is ready", withStatus(podWith("Running", nil, pod{container("a", runs, "ready", true)}), "conditions", conditions("Ready", "True")),
			"1/1", "Running", "0", false,
		},
		{"pending", podWith("Pending", nil, nil), "0/0", "Pending", "0", true},
		{"creating", podWith("Pending", nil, pod{container("a", waitsFor("ContainerCreating"))}), "0/1", "ContainerCreating", "0", true},
		{
			"crash loop",
			podWith("Running", nil, pod{container("a", waitsFor("CrashLoopBackOff"), "restartCount", int64(5), "lastState", ended(1, "finishedAt", ago(2*time.Minute)))}),
			"0/1", "CrashLoopBackOff", "5 (2m ago)", true,
		},
		{"no image", podWith("Pending", nil, pod{container("a", waitsFor("ImagePullBackOff"))}), "0/1", "ImagePullBackOff", "0", true},
		{"bad config", podWith("Pending", nil, pod{container("a", waitsFor("CreateContainerConfigError"))}), "0/1", "CreateContainerConfigError", "0", true},
		{"killed", podWith("Running", nil, pod{container("a", ended(137, "reason", "OOMKilled"))}), "0/1", "OOMKilled", "0", true},
		{"signal", podWith("Running", nil, pod{container("a", ended(137, "signal", int64(9)))}), "0/1", "Signal:9", "0", true},
		{"exit code", podWith("Running", nil, pod{container("a", ended(2))}), "0/1", "ExitCode:2", "0", true},
		{"completed", podWith("Succeeded", nil, pod{container("a", ended(0, "reason", "Completed"))}), "0/1", "Completed", "0", false},
		{
			"one completed, one failed",
			podWith("Failed", nil, pod{container("a", ended(0, "reason", "Completed")), container("b", ended(1, "reason", "Error"))}), "0/2", "Error", "0", true,
		},
		{
			"one completed, one runs",
			podWith("Running", nil, pod{container("a", ended(0, "reason", "Completed")), container("b", runs, "ready", true)}), "1/2", "NotReady", "0", true,
		},
		{
			"one completed, the pod is ready",
			withStatus(podWith("Running", nil, pod{container("a", ended(0, "reason", "Completed")), container("b", runs, "ready", true)}), "conditions", conditions("Ready", "True")),
			"1/2", "Running", "0", false,
		},
		{"evicted", withStatus(podWith("Failed", nil, nil), "reason", "Evicted"), "0/0", "Evicted", "0", true},
		{"failed", podWith("Failed", nil, nil), "0/0", "Failed", "0", true},
		{
			"gated", withStatus(podWith("Pending", nil, nil), "conditions", []any{object{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}}),
			"0/0", "SchedulingGated", "0", true,
		},
		{"first init", podWith("Pending", pod{container("i", runs), container("j", waitsFor("PodInitializing"))}, pod{container("a", waitsFor("PodInitializing"))}), "0/1", "Init:0/2", "0", true},
		{"second init", podWith("Pending", pod{container("i", ended(0)), container("j", runs)}, pod{container("a", waitsFor("PodInitializing"))}), "0/1", "Init:1/2", "0", true},
		{"init fails", podWith("Pending", pod{container("i", ended(1, "reason", "Error"), "restartCount", int64(3))}, pod{container("a", waitsFor("PodInitializing"))}), "0/1", "Init:Error", "3", true},
		{"init signal", podWith("Pending", pod{container("i", ended(1, "signal", int64(15)))}, nil), "0/0", "Init:Signal:15", "0", true},
		{"init exit code", podWith("Pending", pod{container("i", ended(4))}, nil), "0/0", "Init:ExitCode:4", "0", true},
		{"init crash loop", podWith("Pending", pod{container("i", waitsFor("CrashLoopBackOff"))}, nil), "0/0", "Init:CrashLoopBackOff", "0", true},
		{
			"sidecar",
			withStatus(podWith("Running", pod{container("s", runs, "sidecar", true, "started", true, "ready", true, "restartCount", int64(2))},
				pod{container("a", runs, "ready", true)}), "conditions", conditions("Ready", "True")),
			"2/2", "Running", "2", false,
		},
		{
			"restarts of a finished init do not count",
			withStatus(podWith("Running", pod{container("i", ended(0), "restartCount", int64(7))}, pod{container("a", runs, "ready", true)}), "conditions", conditions("Ready", "True")),
			"1/1", "Running", "0", false,
		},
		{"terminating", metadata(podWith("Running", nil, pod{container("a", runs, "ready", true)}), "deletionTimestamp", ago(0)), "1/1", "Terminating", "0", false},
		{
			"lost node", metadata(withStatus(podWith("Running", nil, pod{container("a", runs, "ready", true)}), "reason", "NodeLost"), "deletionTimestamp", ago(0)),
			"1/1", "Unknown", "0", true,
		},
		{
			"completed and leaving", metadata(podWith("Succeeded", nil, pod{container("a", ended(0, "reason", "Completed"))}), "deletionTimestamp", ago(0)),
			"0/1", "Completed", "0", false,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, map[string]any{
				"name": "p", "namespace": "shop", "age": "120m", "ready": c.ready, "status": c.status, "restarts": c.restarts,
				"ip": "10.0.0.1", "node": "n1", "nominated_node": "<none>", "readiness_gates": "<none>",
			}, rowOfRaw(t, c.pod))
			require.Equal(t, c.failing, troubleOf(c.pod, time.Hour, testNow) != nil)
		})
	}
}

// A pod that is just slow fails only after its bound.
func TestFailingHasABound(t *testing.T) {
	slow := podWith("Running", nil, []object{container("a", runs)})
	require.Nil(t, troubleOf(slow, 3*time.Hour, testNow))
	unscheduled := podWith("Pending", nil, nil)
	delete(unscheduled["spec"].(object), "nodeName")
	require.False(t, troubleOf(unscheduled, 0, testNow).curable, "a pod that waits for a node is not cured by a restart")

	out, err := pickFailing([]any{toRaw(t, slow), unscheduled}, time.Minute, false, testNow)
	require.NoError(t, err)
	require.Equal(t, []any{toRaw(t, slow)}, out)
	_, err = pickFailing([]any{toRaw(t, slow), "pod/x"}, time.Minute, false, testNow)
	require.EqualError(t, err, "kubernetes.failing: element 2 of the list is no pod")
}

func TestOtherRows(t *testing.T) {
	base := func(kind string, spec, status object) object {
		k, _ := builtinKind(kind)
		return object{
			"apiVersion": k.apiVersion(), "kind": kind, "metadata": object{"name": "x", "creationTimestamp": ago(26 * time.Hour)},
			"spec": spec, "status": status,
		}
	}
	with := func(o object, field string, value any) object { return workload.With(o, value, field) }
	node := base("Node", object{"unschedulable": true}, object{"conditions": conditions("Ready", "False"), "nodeInfo": object{"kubeletVersion": "v1.37.2"}})
	node["metadata"].(object)["labels"] = object{"node-role.kubernetes.io/worker": "", "kubernetes.io/role": "gpu"}
	event := base("Event", nil, nil)
	for key, value := range (object{
		"type": "Warning", "reason": "BackOff", "message": " again \n", "lastTimestamp": ago(time.Minute),
		"involvedObject": object{"kind": "Pod", "name": "web-0"},
	}) {
		event[key] = value
	}
	for _, c := range []struct {
		o    object
		want object
	}{
		{base("Deployment", object{"replicas": int64(5)}, object{"readyReplicas": 2.0, "updatedReplicas": 4.0, "availableReplicas": 1.0}), object{"ready": "2/5", "up_to_date": "4", "available": "1"}},
		{base("ReplicaSet", object{"replicas": int64(5)}, object{"replicas": int64(4)}), object{"desired": "5", "current": "4", "ready": "0"}},
		{base("StatefulSet", object{}, object{"replicas": int64(1), "readyReplicas": int64(1)}), object{"desired": "1", "current": "1", "ready": "1/1"}},
		{base("DaemonSet", nil, object{"desiredNumberScheduled": int64(3), "numberReady": int64(2)}), object{"desired": "3", "current": "0", "ready": "2", "up_to_date": "0", "available": "0", "node_selector": "<none>"}},
		{node, object{"status": "NotReady,SchedulingDisabled", "roles": "gpu,worker", "version": "v1.37.2", "internal_ip": "<none>", "os_image": "<unknown>"}},
		{event, object{"last_seen": "60s", "type": "Warning", "reason": "BackOff", "object": "pod/web-0", "message": "again", "count": "1"}},
		{base("Namespace", nil, object{"phase": "Active"}), object{"status": "Active"}},
		{base("Widget", nil, nil), object{}},
		{
			base("Service", object{
				"type": "LoadBalancer", "clusterIPs": []any{"10.0.0.1"}, "selector": object{"app": "web"},
				"ports": []any{object{"port": int64(80), "protocol": "TCP"}, object{"port": int64(443), "nodePort": int64(30443), "protocol": "TCP"}},
			}, nil),
			object{"type": "LoadBalancer", "cluster_ip": "10.0.0.1", "external_ip": "<pending>", "ports": "80/TCP,443:30443/TCP", "selector": "app=web"},
		},
		{
			base("Job", object{"parallelism": int64(3)}, object{"succeeded": int64(1), "startTime": ago(time.Hour), "conditions": conditions("Failed", "True")}),
			object{"status": "Failed", "completions": "1/1 of 3", "duration": "60m"},
		},
		{
			base("CronJob", object{"schedule": "@daily", "suspend": false}, object{"lastScheduleTime": ago(time.Hour)}),
			object{"schedule": "@daily", "timezone": "<none>", "suspend": "False", "active": "0", "last_schedule": "60m"},
		},
		{
			base("HorizontalPodAutoscaler", object{
				"scaleTargetRef": object{"kind": "Deployment", "name": "web"}, "maxReplicas": int64(9),
				"metrics": []any{
					object{"type": "Resource", "resource": object{"name": "cpu", "target": object{"averageUtilization": int64(80)}}},
					object{"type": "Pods", "pods": object{"target": object{"averageValue": "100"}}},
					object{"type": "External", "external": object{"target": object{"value": "5"}}},
				},
			}, object{"currentReplicas": int64(2), "currentMetrics": []any{object{"resource": object{"current": object{"averageUtilization": int64(12)}}}}}),
			object{"reference": "Deployment/web", "targets": "cpu: 12%/80%, <unknown>/100 + 1 more...", "minpods": "<unset>", "maxpods": "9", "replicas": "2"},
		},
		{
			base("Ingress", object{"rules": []any{object{"host": "a"}, object{"host": "b"}, object{"host": "c"}, object{"host": "d"}}, "tls": []any{object{}}}, nil),
			object{"class": "<none>", "hosts": "a,b,c + 1 more...", "address": "", "ports": "80, 443"},
		},
		{
			base("PersistentVolumeClaim", object{"volumeName": "v", "storageClassName": "fast"}, object{
				"phase": "Bound", "accessModes": []any{"ReadWriteMany", "ReadWriteOnce"}, "capacity": object{"storage": "1Gi"},
			}),
			object{"status": "Bound", "volume": "v", "capacity": "1Gi", "access_modes": "RWO,RWX", "storageclass": "fast", "volumemode": "<unset>"},
		},
		{
			base("PersistentVolume", object{"capacity": object{"storage": "1Gi"}, "claimRef": object{"namespace": "n", "name": "c"}}, object{"phase": "Released"}),
			object{"status": "Released", "claim": "n/c", "capacity": "1Gi"},
		},
		{base("PodDisruptionBudget", object{"minAvailable": "50%"}, object{"disruptionsAllowed": int64(1)}), object{"min_available": "50%", "max_unavailable": "N/A", "allowed_disruptions": "1"}},
		{base("ResourceQuota", nil, object{"hard": object{"pods": "5", "limits.cpu": "2", "secrets": "1"}, "used": object{"pods": "3"}}), object{"request": "pods: 3/5, secrets: 0/1", "limit": "limits.cpu: 0/2"}},
		{base("NetworkPolicy", object{"podSelector": object{"matchLabels": object{"app": "web"}}}, nil), object{"pod_selector": "app=web"}},
		{base("NetworkPolicy", object{"podSelector": object{}}, nil), object{"pod_selector": "<none>"}},
		{base("IngressClass", object{"controller": "x/y", "parameters": object{"apiGroup": "a.b", "kind": "P", "name": "p"}}, nil), object{"controller": "x/y", "parameters": "P.a.b/p"}},
		{base("VolumeAttachment", object{"attacher": "csi", "nodeName": "n", "source": object{"persistentVolumeName": "v"}}, object{"attached": true}), object{"attacher": "csi", "node": "n", "pv": "v", "attached": "true"}},
		{with(base("ValidatingWebhookConfiguration", nil, nil), "webhooks", []any{object{}, object{}}), object{"webhooks": "2"}},
		{with(base("PriorityClass", nil, nil), "value", int64(1e9)), object{"value": "1000000000", "global_default": "false", "preemptionpolicy": ""}},
		{with(base("RuntimeClass", nil, nil), "handler", "runsc"), object{"handler": "runsc"}},
		{
			with(with(base("ClusterRoleBinding", nil, nil), "roleRef", object{"kind": "ClusterRole", "name": "view"}), "subjects", []any{
				object{"kind": "Group", "name": "g"}, object{"kind": "User", "name": "u"}, object{"kind": "User", "name": "v"}, object{"kind": "ServiceAccount", "namespace": "n", "name": "s"},
			}),
			object{"role": "ClusterRole/view", "users": "u, v", "groups": "g", "serviceaccounts": "n/s"},
		},
		{base("LimitRange", nil, nil), object{"created_at": ago(26 * time.Hour)}},
		{with(base("Endpoints", nil, nil), "subsets", []any{object{"addresses": []any{object{"ip": "10.0.0.1"}}}, object{"addresses": []any{object{"ip": "fd00::1"}}, "ports": []any{object{"port": int64(80)}}}}), object{"endpoints": "10.0.0.1,[fd00::1]:80"}},
		{base("Endpoints", nil, nil), object{"endpoints": "<none>"}},
		{base("EndpointSlice", nil, nil), object{"addresstype": "", "ports": "<unset>", "endpoints": "<unset>"}},
	} {
		c.want["name"], c.want["namespace"], c.want["age"] = "x", "", "26h"
		got := rowOfRaw(t, c.o)
		for column, want := range c.want {
			require.Equal(t, want, got[column], "%s of %s", column, c.o["kind"])
		}
	}
}

func TestTrouble(t *testing.T) {
	crashed := container("a", waitsFor("CrashLoopBackOff"), "restartCount", int64(6))
	crashed["lastState"] = ended(137, "reason", "OOMKilled", "finishedAt", ago(2*time.Minute))
	exited := container("a", waitsFor("CrashLoopBackOff"), "restartCount", int64(2))
	exited["lastState"] = ended(3, "reason", "Error", "finishedAt", ago(time.Hour))
	pull := container("a", object{"waiting": object{"reason": "ImagePullBackOff", "message": "Back-off pulling image \"x:1\""}})
	unscheduled := withStatus(podWith("Pending", nil, nil), "conditions", []any{
		object{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes are available:\n3 Insufficient memory."},
	})
	delete(unscheduled["spec"].(object), "nodeName")
	leaving := metadata(podWith("Running", nil, []object{container("a", runs)}), "deletionTimestamp", ago(12*time.Minute))
	leaving["metadata"].(object)["finalizers"] = []any{"example.com/hold"}
	unready := withStatus(podWith("Running", nil, []object{container("a", runs)}), "conditions", []any{
		object{"type": "Ready", "status": "False", "lastTransitionTime": ago(10 * time.Minute), "message": "containers with unready status: [a]"},
	})
	for _, c := range []struct {
		pod    object
		reason string
		text   string
	}{
		{podWith("Running", nil, []object{crashed}), "CrashLoopBackOff", "OOMKilled 6 times, last 2m ago"},
		{podWith("Running", nil, []object{exited}), "CrashLoopBackOff", "exited with 3, 2 times, last 60m ago"},
		{podWith("Pending", nil, []object{pull}), "ImagePullBackOff", `ImagePullBackOff: Back-off pulling image "x:1"`},
		{podWith("Pending", []object{container("i", ended(4, "finishedAt", ago(time.Minute)))}, nil), "Init:ExitCode:4", "ExitCode:4 60s ago"},
		{withStatus(withStatus(podWith("Failed", nil, nil), "reason", "Evicted"), "message", "The node was low on memory."), "Evicted", "Evicted: The node was low on memory."},
		{unscheduled, "Unschedulable", "Unschedulable: 0/3 nodes are available: 3 Insufficient memory."},
		{leaving, "Terminating", "Terminating, should have been gone 12m ago: held by example.com/hold"},
		{unready, "NotReady", "NotReady for 10m: containers with unready status: [a]"},
	} {
		seen, err := podOf(toRaw(t, c.pod))
		require.NoError(t, err)
		got := troubleOf(seen, 5*time.Minute, testNow)
		require.NotNil(t, got, c.reason)
		require.Equal(t, c.reason, got.reason)
		require.Equal(t, c.text, got.text)
	}
	healthy := withStatus(podWith("Running", nil, []object{container("a", runs, "ready", true)}), "conditions", conditions("Ready", "True"))
	require.Nil(t, troubleOf(healthy, 0, testNow))
	missed := metadata(unready, "creationTimestamp", "2020-01-01T00:00:00Z")
	require.NotNil(t, troubleOf(missed, 5*time.Minute, testNow))
	require.Nil(t, troubleOf(missed, 15*time.Minute, testNow), "it served for years, and has missed its probe for less than that")
	require.Nil(t, troubleOf(podWith("Succeeded", nil, []object{container("a", ended(0, "reason", "Completed"))}), 0, testNow))

	d, _ := stubbed(t, nil)
	f, args := d.bind("trouble", []any{toRaw(t, podWith("Running", nil, []object{crashed}))})
	out, err := f.Pure(t.Context(), args)
	require.NoError(t, err)
	require.Equal(t, map[string]any{
		"reason": "CrashLoopBackOff", "text": "OOMKilled 6 times, last 2m ago", "message": "", "container": "a", "restarts": int64(6), "since": ago(2 * time.Minute),
		"last_exit": map[string]any{"reason": "OOMKilled", "exit_code": int64(137), "finished_at": ago(2 * time.Minute)},
	}, out)
	f, args = d.bind("trouble", []any{object{"kind": "Service", "metadata": object{}}})
	_, err = f.Pure(t.Context(), args)
	require.ErrorContains(t, err, "this is no pod")
}

// rowOfRaw goes the way of an object that comes from the cluster.
func rowOfRaw(t *testing.T, o object) map[string]any {
	seen, err := glance(toRaw(t, o))
	require.NoError(t, err)
	require.Equal(t, printers.Row(o, testNow), printers.Row(seen, testNow), "a glance sees all that is needed")
	return printers.Row(seen, testNow)
}

func BenchmarkRow(b *testing.B) {
	pod := podWith("Running", nil, []object{container("a", runs, "ready", true)})
	pod["metadata"].(object)["managedFields"] = strings.Repeat("x", 4000)
	pod["spec"].(object)["volumes"] = strings.Repeat("x", 4000)
	raw, err := encode(pod)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		seen, err := glance(raw)
		if err != nil {
			b.Fatal(err)
		}
		printers.Row(seen, testNow)
	}
}

package site

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// BulkLabel marks the pods that Bulk made, and that kwok leaves alone.
const BulkLabel = "lab.runbook/bulk"

// The values that labels take, so that a benchmark has something to group and select by.
var (
	apps     = []string{"compiler", "router", "scheduler", "calibrator", "gateway"}
	teams    = []string{"photonics", "platform", "runtime", "devices"}
	versions = []string{"2.3.9", "2.4.0", "2.4.1"}
)

// benchPod is the i-th pod: like one of a real service, 4 to 6 kB of JSON once the server has it, and the same in
// every lab.
func benchPod(i int, node corev1.Node) *corev1.Pod {
	app, team, version := apps[i%len(apps)], teams[i%len(teams)], versions[i%len(versions)]
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: fmt.Sprintf("%s-%05d", app, i),
			Labels: map[string]string{
				BulkLabel: "true",
				"app":     app,
				"team":    team,
				"version": version,
				"zone":    node.Labels[corev1.LabelTopologyZone],
			},
			Annotations: map[string]string{
				"prometheus.io/scrape": "true",
				"prometheus.io/port":   "8080",
			},
		},
		Spec: corev1.PodSpec{
			NodeName: node.Name, // bound already: the scheduler has better to do
			// Nobody would confirm the end of a pod that kwok leaves alone, so none is asked for.
			TerminationGracePeriodSeconds: new(int64(0)),
			Containers:                    []corev1.Container{benchContainer(app, team, version)},
			Volumes: []corev1.Volume{
				{Name: "cache", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
				{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
					LocalObjectReference: corev1.LocalObjectReference{Name: app + "-config"},
				}}},
			},
		},
	}
}

// benchStatus is what a kubelet would report of the i-th pod.
func benchStatus(i int, pod *corev1.Pod) corev1.PodStatus {
	now := metav1.Now()
	address := fmt.Sprintf("10.65.%d.%d", i/250%250, i%250+1)
	status := corev1.PodStatus{
		Phase:     corev1.PodRunning,
		HostIP:    "127.0.0.1",
		HostIPs:   []corev1.HostIP{{IP: "127.0.0.1"}},
		PodIP:     address,
		PodIPs:    []corev1.PodIP{{IP: address}},
		StartTime: &now,
	}
	for _, kind := range []corev1.PodConditionType{corev1.PodScheduled, corev1.PodInitialized, corev1.ContainersReady, corev1.PodReady} {
		status.Conditions = append(status.Conditions, corev1.PodCondition{Type: kind, Status: corev1.ConditionTrue, LastTransitionTime: now})
	}
	for _, container := range pod.Spec.Containers {
		status.ContainerStatuses = append(status.ContainerStatuses, corev1.ContainerStatus{
			Name:    container.Name,
			Image:   container.Image,
			Ready:   true,
			Started: new(true),
			State:   corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}},
		})
	}
	return status
}

func benchContainer(app, team, version string) corev1.Container {
	return corev1.Container{
		Name:  app,
		Image: fmt.Sprintf("registry.example/%s/%s:%s", team, app, version),
		Args:  []string{"--config=/etc/" + app + "/config.yaml", "--listen=:8080"},
		Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}},
		Env: []corev1.EnvVar{
			{Name: "LOG_LEVEL", Value: "info"},
			{Name: "POD_NAME", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.name"}}},
		},
		Resources: corev1.ResourceRequirements{
			Requests: amounts("250m", "512Mi"),
			Limits:   amounts("1", "1Gi"),
		},
		ReadinessProbe: httpProbe("/ready", 10),
		LivenessProbe:  httpProbe("/health", 20),
		VolumeMounts: []corev1.VolumeMount{
			{Name: "cache", MountPath: "/var/cache/" + app},
			{Name: "config", MountPath: "/etc/" + app, ReadOnly: true},
		},
	}
}

func amounts(cpu, memory string) corev1.ResourceList {
	return corev1.ResourceList{
		corev1.ResourceCPU:    resource.MustParse(cpu),
		corev1.ResourceMemory: resource.MustParse(memory),
	}
}

func httpProbe(path string, period int32) *corev1.Probe {
	get := &corev1.HTTPGetAction{Path: path, Port: intstr.FromString("http")}
	return &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: get}, PeriodSeconds: period}
}

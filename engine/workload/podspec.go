package workload

import "strings"

// defaultPodSpec is what a pod, or a template of one, is given where it says nothing.
func defaultPodSpec(spec Object) Object {
	spec = filled(spec, at("ClusterFirst", "dnsPolicy"), at("Always", "restartPolicy"), at(Object{}, "securityContext"),
		at(int64(30), "terminationGracePeriodSeconds"), at("default-scheduler", "schedulerName"))
	account := Text(spec, "serviceAccountName")
	if account == "" {
		account = Text(spec, "serviceAccount")
	}
	if account != "" {
		spec = With(With(spec, account, "serviceAccountName"), account, "serviceAccount")
	}
	for _, field := range []string{"containers", "initContainers", "ephemeralContainers"} {
		spec = each(spec, func(c Object) Object { return defaultContainer(c, Dig(spec, "hostNetwork") == true) }, field)
	}
	return each(spec, defaultVolume, "volumes")
}

func defaultContainer(c Object, hostNetwork bool) Object {
	c = filled(c, at("/dev/termination-log", "terminationMessagePath"), at("File", "terminationMessagePolicy"),
		at(pullPolicy(Text(c, "image")), "imagePullPolicy"), at(Object{}, "resources"))
	c = each(c, func(port Object) Object {
		port = filled(port, at("TCP", "protocol"))
		if hostNetwork {
			port = filled(port, at(port["containerPort"], "hostPort"))
		}
		return port
	}, "ports")
	c = each(c, func(variable Object) Object {
		if Map(variable, "valueFrom", "fieldRef") != nil {
			return filled(variable, at("v1", "valueFrom", "fieldRef", "apiVersion"))
		}
		return variable
	}, "env")
	for _, kind := range []string{"livenessProbe", "readinessProbe", "startupProbe"} {
		if probe := Map(c, kind); probe != nil {
			c = With(c, defaultProbe(probe), kind)
		}
	}
	for _, hook := range []string{"postStart", "preStop"} {
		if handler := Map(c, "lifecycle", hook); handler != nil {
			c = With(c, defaultHandler(handler), "lifecycle", hook)
		}
	}
	return c
}

// pullPolicy is Always for an image whose tag may move without anybody saying so.
func pullPolicy(image string) string {
	image, _, digest := strings.Cut(image, "@")
	_, tag, tagged := strings.Cut(image[strings.LastIndex(image, "/")+1:], ":")
	if tag == "latest" || !tagged && !digest {
		return "Always"
	}
	return "IfNotPresent"
}

func defaultProbe(probe Object) Object {
	return filled(defaultHandler(probe), at(int64(1), "timeoutSeconds"), at(int64(10), "periodSeconds"), at(int64(1), "successThreshold"),
		at(int64(3), "failureThreshold"))
}

func defaultHandler(handler Object) Object {
	if Map(handler, "httpGet") != nil {
		handler = filled(handler, at("/", "httpGet", "path"), at("HTTP", "httpGet", "scheme"))
	}
	if Map(handler, "grpc") != nil {
		handler = filled(handler, at("", "grpc", "service"))
	}
	return handler
}

// defaultVolume gives files their mode, and a volume without a source an empty folder.
func defaultVolume(v Object) Object {
	mode := at(int64(0o644), "defaultMode")
	for _, source := range []string{"secret", "configMap", "downwardAPI", "projected"} {
		if files := Map(v, source); files != nil {
			files = each(filled(files, mode), func(o Object) Object {
				if Map(o, "serviceAccountToken") == nil {
					return o
				}
				return filled(o, at(int64(3600), "serviceAccountToken", "expirationSeconds"))
			}, "sources")
			return With(v, files, source)
		}
	}
	if path := Map(v, "hostPath"); path != nil {
		return With(v, filled(path, at("", "type")), "hostPath")
	}
	if len(v) == 1 && v["name"] != nil {
		return With(v, Object{}, "emptyDir")
	}
	return v
}

// defaultPod is what only a pod itself is given, and no template: by defaulting, and by the admission plugins that are always on.
func defaultPod(o Object) Object {
	if Map(o, "spec") == nil {
		return o
	}
	o = filled(o, at(true, "spec", "enableServiceLinks"), at("default", "spec", "serviceAccountName"), at("default", "spec", "serviceAccount"),
		at(int64(0), "spec", "priority"), at("PreemptLowerPriority", "spec", "preemptionPolicy"))
	for _, field := range []string{"containers", "initContainers"} {
		o = each(o, requestsFromLimits, "spec", field)
	}
	return With(o, tolerant(o), "spec", "tolerations")
}

func requestsFromLimits(c Object) Object {
	for resource, limit := range Map(c, "resources", "limits") {
		c = filled(c, at(limit, "resources", "requests", resource))
	}
	return c
}

// tolerant are a pod's tolerations with those that every pod is given: it stays for five minutes on a node that is lost.
func tolerant(pod Object) []any {
	list, _ := Dig(pod, "spec", "tolerations").([]any)
	out := append([]any{}, list...)
	for _, taint := range []string{"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"} {
		if !tolerates(pod, taint) {
			out = append(out, Object{"key": taint, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": int64(300)})
		}
	}
	return out
}

func tolerates(pod Object, taint string) bool {
	for _, t := range Maps(pod, "spec", "tolerations") {
		key, effect := Text(t, "key"), Text(t, "effect")
		if (key == taint || key == "" && t["operator"] == "Exists") && (effect == "NoExecute" || effect == "") {
			return true
		}
	}
	return false
}

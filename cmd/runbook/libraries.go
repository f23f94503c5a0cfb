package main

import (
	"flag"
	"io"

	"k8s.io/klog/v2"
)

// quieten makes the libraries of Kubernetes log to that writer. By themselves they print on standard error whatever a server said, past
// everything that keeps secrets.
func quieten(w io.Writer) {
	var flags flag.FlagSet
	klog.InitFlags(&flags)
	for name, value := range map[string]string{"logtostderr": "false", "alsologtostderr": "false", "stderrthreshold": "FATAL", "one_output": "true"} {
		_ = flags.Set(name, value) // klog has them
	}
	klog.SetOutput(w)
}

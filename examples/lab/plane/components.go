package plane

import (
	"fmt"
	"os"
	"path/filepath"

	"runbook/examples/lab/build"
	"runbook/examples/lab/layout"
	"runbook/examples/lab/process"
	"runbook/examples/lab/site"
)

const loopback = "127.0.0.1"

// servers knows the command line of each component of one lab.
type servers struct {
	dir   layout.Dir
	ports Ports
	path  func(component string) string
}

func (s servers) etcd() process.Command {
	client := fmt.Sprintf("https://%s:%d", loopback, s.ports.Etcd)
	peer := fmt.Sprintf("http://%s:%d", loopback, s.ports.EtcdPeer)
	return s.command(build.Etcd,
		"--name=lab",
		"--data-dir="+s.dir.EtcdData(),
		"--listen-client-urls="+client,
		"--advertise-client-urls="+client,
		"--listen-peer-urls="+peer,
		"--initial-advertise-peer-urls="+peer,
		"--initial-cluster=lab="+peer,
		"--cert-file="+s.pki(servingName+".crt"),
		"--key-file="+s.pki(servingName+".key"),
		"--trusted-ca-file="+s.pki(caFile),
		"--client-cert-auth",
		// The gateway would call etcd with its own server certificate, which is no client's.
		"--enable-grpc-gateway=false",
		// A lab's data is thrown away at its end, so nothing is gained by waiting for the disk.
		"--unsafe-no-fsync",
		"--quota-backend-bytes=8589934592",
		"--log-level=warn",
	)
}

func (s servers) apiServer() process.Command {
	return s.command(build.APIServer,
		"--bind-address="+loopback,
		"--advertise-address="+loopback,
		fmt.Sprintf("--secure-port=%d", s.ports.APIServer),
		// It would publish its own address, which must not be loopback.
		"--endpoint-reconciler-type=none",
		"--tls-cert-file="+s.pki(servingName+".crt"),
		"--tls-private-key-file="+s.pki(servingName+".key"),
		"--client-ca-file="+s.pki(caFile),
		fmt.Sprintf("--etcd-servers=https://%s:%d", loopback, s.ports.Etcd),
		"--etcd-cafile="+s.pki(caFile),
		"--etcd-certfile="+s.pki(etcdClientName+".crt"),
		"--etcd-keyfile="+s.pki(etcdClientName+".key"),
		"--authorization-mode=RBAC",
		"--anonymous-auth=false",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file="+s.pki(tokenPublicFile),
		"--service-account-signing-key-file="+s.pki(tokenKeyFile),
		"--service-cluster-ip-range=10.96.0.0/16",
		"--kubelet-client-certificate="+s.pki(kubeletClientName+".crt"),
		"--kubelet-client-key="+s.pki(kubeletClientName+".key"),
		"--kubelet-certificate-authority="+s.pki(caFile),
		"--kubelet-preferred-address-types=InternalIP",
		"--audit-policy-file="+s.dir.AuditPolicy(),
		"--audit-log-path="+s.dir.AuditLog(),
		// In megabytes. A benchmark must find its first request in the same file as its last.
		"--audit-log-maxsize=102400",
		"--profiling=false",
	)
}

func (s servers) controllerManager() process.Command {
	return s.command(build.ControllerManager, append(s.controller(build.ControllerManager, s.ports.ControllerManager),
		"--use-service-account-credentials",
		"--service-account-private-key-file="+s.pki(tokenKeyFile),
		"--root-ca-file="+s.pki(caFile),
	)...)
}

func (s servers) scheduler() process.Command {
	return s.command(build.Scheduler, s.controller(build.Scheduler, s.ports.Scheduler)...)
}

// controller is what the controller manager and the scheduler have in common.
func (s servers) controller(name string, port int) []string {
	config := s.dir.ComponentKubeconfig(name)
	return []string{
		"--bind-address=" + loopback,
		fmt.Sprintf("--secure-port=%d", port),
		"--tls-cert-file=" + s.pki(servingName+".crt"),
		"--tls-private-key-file=" + s.pki(servingName+".key"),
		"--kubeconfig=" + config,
		"--authentication-kubeconfig=" + config,
		"--authorization-kubeconfig=" + config,
		"--leader-elect=false",
		// The defaults, meant for a server shared with others, would double the time until the site is ready.
		"--kube-api-qps=1000",
		"--kube-api-burst=1000",
		"--profiling=false",
	}
}

func (s servers) kwok() process.Command {
	return s.command(build.Kwok,
		"--kubeconfig="+s.dir.ComponentKubeconfig(build.Kwok),
		"--config="+s.dir.Kwok(),
		"--manage-all-nodes",
		// Where the API server calls for logs and exec, as it would call a kubelet.
		"--node-ip="+loopback,
		fmt.Sprintf("--node-port=%d", s.ports.Kwok),
		fmt.Sprintf("--server-address=%s:%d", loopback, s.ports.Kwok),
		"--tls-cert-file="+s.pki(servingName+".crt"),
		"--tls-private-key-file="+s.pki(servingName+".key"),
		"--node-lease-duration-seconds=40",
		// The scenarios point each pod at its own log file with an object of this kind.
		"--enable-crds=Logs",
		// Bulk pods are made running as they are; kwok would take minutes over ten thousand.
		"--disregard-status-with-label-selector="+site.BulkLabel,
		// Room for 65,000 pods with an address each.
		"--cidr=10.64.0.0/16",
	)
}

func (s servers) command(name string, args ...string) process.Command {
	return process.Command{Name: name, Path: s.path(name), Args: args, Dir: string(s.dir), Log: s.dir.Log(name)}
}

func (s servers) pki(file string) string { return filepath.Join(s.dir.PKI(), file) }

// healthURL is where the component behind port tells that it is ready.
func healthURL(port int, path string) string {
	return fmt.Sprintf("https://%s:%d%s", loopback, port, path)
}

// writable makes the folders that components write to.
func writable(dir layout.Dir) error {
	for _, folder := range []string{dir.PKI(), dir.Config(), dir.Logs(), dir.PodLogs(), dir.PodFiles()} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return fmt.Errorf("make the lab's folders: %w", err)
		}
	}
	return nil
}

// How many servers a lab has, and on how many ports they listen: etcd also listens for peers that never come.
const (
	serverCount = 5
	serverPorts = serverCount + 1
)

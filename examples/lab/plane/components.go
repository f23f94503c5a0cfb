package plane

import (
	"fmt"
	"path/filepath"

	"runbook/examples/lab/build"
	"runbook/examples/lab/process"
	"runbook/examples/lab/site"
	"runbook/examples/lab/supervisor"
)

// etcdPeers is the port where etcd listens for peers that never come.
const etcdPeers = "etcd-peers"

// servers knows the command line of each component of one lab.
type servers struct{ *supervisor.Stage }

func (s servers) etcd() process.Command {
	client := s.url(build.Etcd, "")
	peer := "http://" + s.Address(etcdPeers)
	return s.Command(build.Etcd,
		"--name=lab",
		"--data-dir="+s.Dir.Data(build.Etcd),
		"--listen-client-urls="+client,
		"--advertise-client-urls="+client,
		"--listen-peer-urls="+peer,
		"--initial-advertise-peer-urls="+peer,
		"--initial-cluster=lab="+peer,
		"--cert-file="+s.Dir.Serving(),
		"--key-file="+s.Dir.ServingKey(),
		"--trusted-ca-file="+s.Dir.Authority(),
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
	return s.Command(build.APIServer,
		"--bind-address="+supervisor.Loopback,
		"--advertise-address="+supervisor.Loopback,
		fmt.Sprintf("--secure-port=%d", s.Port(build.APIServer)),
		// It would publish its own address, which must not be supervisor.Loopback.
		"--endpoint-reconciler-type=none",
		"--etcd-compaction-interval=1m", // who asks for what is long past is soon told that it is gone: tests wait for that
		"--tls-cert-file="+s.Dir.Serving(),
		"--tls-private-key-file="+s.Dir.ServingKey(),
		"--client-ca-file="+s.Dir.Authority(),
		"--etcd-servers="+s.url(build.Etcd, ""),
		"--etcd-cafile="+s.Dir.Authority(),
		"--etcd-certfile="+s.pki(etcdClientName+".crt"),
		"--etcd-keyfile="+s.pki(etcdClientName+".key"),
		"--authorization-mode=RBAC",
		"--anonymous-auth=false",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file="+s.pki(tokenPublicFile),
		"--service-account-signing-key-file="+s.pki(tokenKeyFile),
		"--service-cluster-ip-range=10.96.0.0/16",
		"--kubelet-client-certificate="+s.Dir.KubeletClient(),
		"--kubelet-client-key="+s.Dir.KubeletClientKey(),
		"--kubelet-certificate-authority="+s.Dir.Authority(),
		"--kubelet-preferred-address-types=InternalIP",
		// How it hands requests on to servers that extend it, and how these know that it is it who asks.
		"--proxy-client-cert-file="+s.pki(frontProxyName+".crt"),
		"--proxy-client-key-file="+s.pki(frontProxyName+".key"),
		"--requestheader-client-ca-file="+s.pki(frontProxyCAFile),
		"--requestheader-allowed-names="+frontProxyName,
		"--requestheader-username-headers=X-Remote-User",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--audit-policy-file="+s.Dir.AuditPolicy(),
		"--audit-log-path="+s.Dir.AuditLog(),
		// In megabytes. A benchmark must find its first request in the same file as its last.
		"--audit-log-maxsize=102400",
		"--profiling=false",
	)
}

func (s servers) controllerManager() process.Command {
	return s.Command(build.ControllerManager, append(s.controller(build.ControllerManager),
		"--use-service-account-credentials",
		"--service-account-private-key-file="+s.pki(tokenKeyFile),
		"--root-ca-file="+s.Dir.Authority(),
	)...)
}

func (s servers) scheduler() process.Command {
	return s.Command(build.Scheduler, s.controller(build.Scheduler)...)
}

// controller is what the controller manager and the scheduler have in common.
func (s servers) controller(name string) []string {
	config := s.Dir.ComponentKubeconfig(name)
	return []string{
		"--bind-address=" + supervisor.Loopback,
		fmt.Sprintf("--secure-port=%d", s.Port(name)),
		"--tls-cert-file=" + s.Dir.Serving(),
		"--tls-private-key-file=" + s.Dir.ServingKey(),
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
	return s.Command(build.Kwok,
		"--kubeconfig="+s.Dir.ComponentKubeconfig(build.Kwok),
		"--config="+s.Dir.Kwok(),
		"--manage-all-nodes",
		// Where the API server calls for logs and exec, as it would call a kubelet.
		"--node-ip="+supervisor.Loopback,
		fmt.Sprintf("--node-port=%d", s.Port(build.Kwok)),
		"--server-address="+s.Address(build.Kwok),
		"--tls-cert-file="+s.Dir.Serving(),
		"--tls-private-key-file="+s.Dir.ServingKey(),
		"--node-lease-duration-seconds=40",
		// The scenarios point each pod at its own log file with an object of this kind.
		"--enable-crds=Logs",
		// Bulk pods are made running as they are; kwok would take minutes over ten thousand.
		"--disregard-status-with-label-selector="+site.BulkLabel,
		// Room for 65,000 pods with an address each.
		"--cidr=10.64.0.0/16",
	)
}

func (s servers) pki(file string) string { return filepath.Join(s.Dir.PKI(), file) }

// url is where that component answers.
func (s servers) url(name, path string) string { return "https://" + s.Address(name) + path }

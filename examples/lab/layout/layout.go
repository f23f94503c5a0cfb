// Package layout says where a lab keeps its files. It only names paths; it never reads or writes
// what is at them.
package layout

import (
	"fmt"
	"os"
	"path/filepath"
)

// Dir is the folder of one lab.
type Dir string

// FolderMode is that of every folder of a lab: there are keys in it.
const FolderMode = 0o700

// Default returns the folder of the lab that is meant when none is named: the one that the program at self belongs to,
// or else one in the user's state home.
func Default(self string) (Dir, error) {
	if own := Of(self); own.Self() == self {
		if _, err := os.Stat(own.State()); err == nil {
			return own, nil
		}
	}
	state := os.Getenv("XDG_STATE_HOME")
	if state == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("find a folder for the lab: %w; name one with --dir", err)
		}
		state = filepath.Join(home, ".local", "state")
	}
	return Dir(filepath.Join(state, "runbook-lab")), nil
}

// Of returns the lab whose copy of this program is called.
func Of(self string) Dir { return Dir(filepath.Dir(filepath.Dir(self))) }

// Kubeconfig is how a person reaches the API server.
func (d Dir) Kubeconfig() string { return d.join("kubeconfig") }

// Site is the site file, by which runbook knows the lab.
func (d Dir) Site() string { return d.join("runbook.yaml") }

// Env is what a shell sources to use the lab.
func (d Dir) Env() string { return d.join("env") }

// AuditLog is what the API server was asked, request by request.
func (d Dir) AuditLog() string { return d.join("audit.log") }

// Bin is the folder of the programs that a person or a server calls by name.
func (d Dir) Bin() string { return d.join("bin") }

// Self is this very program, where it stays for as long as the lab does.
func (d Dir) Self() string { return d.join("bin", "lab") }

// Logs is the folder of the servers' logs.
func (d Dir) Logs() string { return d.join("logs") }

// Log is what the named server says.
func (d Dir) Log(name string) string { return d.join("logs", name+".log") }

// State is what the lab remembers of its processes.
func (d Dir) State() string { return d.join("state.json") }

// Lock keeps two commands from working on one lab at once. It also tells a lab's folder from any other: where it is
// missing, nothing is the lab's.
func (d Dir) Lock() string { return d.join(".lab-lock") }

// PKI is the folder of the certificates and keys.
func (d Dir) PKI() string { return d.join("pki") }

// Authority is the certificate of whom everybody in the lab trusts.
func (d Dir) Authority() string { return d.join("pki", "ca.crt") }

// Serving is the certificate that every server shows: all serve on the same address.
func (d Dir) Serving() string { return d.join("pki", "serving.crt") }

// ServingKey is its key.
func (d Dir) ServingKey() string { return d.join("pki", "serving.key") }

// KubeletClient is the certificate of whom a kubelet answers.
func (d Dir) KubeletClient() string { return d.join("pki", "kubelet-client.crt") }

// KubeletClientKey is its key.
func (d Dir) KubeletClientKey() string { return d.join("pki", "kubelet-client.key") }

// Config is the folder of the servers' configurations.
func (d Dir) Config() string { return d.join("config") }

// Data is the folder of what the named server keeps.
func (d Dir) Data(name string) string { return d.join("data", name) }

// Pods is the folder of what pods seem to have.
func (d Dir) Pods() string { return d.join("pods") }

// PodLogs is the folder of what pods seem to have logged.
func (d Dir) PodLogs() string { return d.join("pods", "logs") }

// PodFiles is the folder of what a command in a pod finds.
func (d Dir) PodFiles() string { return d.join("pods", "files") }

// AuditPolicy tells the API server what to write into the audit log.
func (d Dir) AuditPolicy() string { return d.join("config", "audit-policy.yaml") }

// Kwok tells kwok how nodes and pods behave.
func (d Dir) Kwok() string { return d.join("config", "kwok.yaml") }

// ComponentKubeconfig is how a component, rather than a person, reaches the API server.
func (d Dir) ComponentKubeconfig(name string) string { return d.join("config", name+".kubeconfig") }

// AWSCredentials has the keys of the object store's users, a profile each; see store.
func (d Dir) AWSCredentials() string { return d.join("config", "aws-credentials") }

// AWSConfig says where the object store is, for the same profiles.
func (d Dir) AWSConfig() string { return d.join("config", "aws-config") }

// StoreLog is what the object store was asked, request by request.
func (d Dir) StoreLog() string { return d.join("logs", "versitygw-access.log") }

// SlackWebhook is the address of the webhook at which the lab's Slack is; who has it may write there.
func (d Dir) SlackWebhook() string { return d.join("config", "slack-webhook") }

// PagerKey is the integration key of the lab's PagerDuty.
func (d Dir) PagerKey() string { return d.join("config", "pager-key") }

// MailPassword is the password with which mail is handed in; see inbox.
func (d Dir) MailPassword() string { return d.join("config", "mail-password") }

// Mail is the mail that arrived, one JSON document a line.
func (d Dir) Mail() string { return d.join("logs", "mail.jsonl") }

// Webhooks is what webhooks were sent, one JSON document a line.
func (d Dir) Webhooks() string { return d.join("logs", "webhook.jsonl") }

// SSHConfig is how a person reaches the rack, with ssh -F.
func (d Dir) SSHConfig() string { return d.join("ssh_config") }

// Rack is the folder of what the machine with the photonic devices has.
func (d Dir) Rack() string { return d.Data("rack") }

// RackBin is the folder of the vendors' tools.
func (d Dir) RackBin() string { return d.join("data", "rack", "bin") }

// RackFiles is the rack's own small tree, where a login begins.
func (d Dir) RackFiles() string { return d.join("data", "rack", "files") }

// Devices is what the photonic devices are at.
func (d Dir) Devices() string { return d.join("data", "rack", "devices.json") }

// DevicesLock keeps two calls from changing the devices at once.
func (d Dir) DevicesLock() string { return d.join("data", "rack", "devices.lock") }

// DeviceLogs is the folder of the devices' own logs.
func (d Dir) DeviceLogs() string { return d.join("data", "rack", "log") }

// DeviceLog is what that device logs.
func (d Dir) DeviceLog(id string) string { return d.join("data", "rack", "log", "device-"+id+".log") }

// DeviceCalls is what the vendors' tools were asked, call by call.
func (d Dir) DeviceCalls() string { return d.join("logs", "devices.jsonl") }

// RackCommands is what logins on the rack were told to run, command by command.
func (d Dir) RackCommands() string { return d.join("logs", "rack-commands.jsonl") }

// Perishable is what a lab does not leave behind.
func (d Dir) Perishable() []string {
	return []string{d.Kubeconfig(), d.Site(), d.Env(), d.SSHConfig(), d.Bin(), d.PKI(), d.Config(), d.join("data"), d.Pods(), d.State()}
}

func (d Dir) join(parts ...string) string {
	return filepath.Join(append([]string{string(d)}, parts...)...)
}

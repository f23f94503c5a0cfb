// Package ssh is the way to a machine by the system's own ssh: its configuration, agent, keys, jump hosts and known hosts are those that
// the user's ssh has.
//
// A connection is made once and shared by all commands on its host, up to the number of logins that a server lets in over one; beyond
// that there are further ones. They end with the Host, or with this program, however that ends. Nobody is asked for a password, and a key
// that is not known is not accepted. It knows nothing of commands: engine/command/shell does, which has a Host as its Transport. Read
// next: host.go for who has which connection, connection.go for how ssh is kept, mux.go for how it is shared, failure.go for what it says.
package ssh

// DefaultSessions is how many logins there are over one connection: what a server allows that says nothing (MaxSessions).
const DefaultSessions = 10

// A Config says how a machine is reached.
type Config struct {
	Name        string              // in the site file
	Destination string              // as ssh takes it: an alias, user@host, ssh://user@host:port
	ConfigFile  string              // of ssh; the user's own if ""
	Sessions    int                 // logins over one connection at once; DefaultSessions if 0
	Clean       func(string) string // hides secrets in what ssh says; nil for nobody who does that
}

func (c Config) clean(text string) string {
	if c.Clean == nil {
		return text
	}
	return c.Clean(text)
}

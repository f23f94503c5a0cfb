package pattern

// analyse finds out what a search can make use of: which bytes a match must begin with, and how many choices a match can leave open.
func (p *Pattern) analyse() {
	for i := range p.items {
		if p.items[i].isChoice() {
			p.choices++
		}
	}
	p.analyseHead()
}

// analyseHead looks at the items with which a match begins. Captures do not count, they only take note.
func (p *Pattern) analyseHead() {
	p.nullable = true
	var prefix []byte
	for i := range p.items {
		it := &p.items[i]
		if it.isMark() {
			continue
		}
		if p.nullable && (it.op == opSingle || it.op == opPlus) {
			p.first, p.nullable = it.set, it.unlimited
		}
		c, literal := it.set.only()
		if it.op != opSingle || !literal {
			break
		}
		prefix = append(prefix, c)
	}
	p.prefix = string(prefix)
}

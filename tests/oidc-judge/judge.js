// An OpenID provider that others have written and certified: what we send and take is judged by more than our own reading.
//
// It prints `listening on http://localhost:PORT`. A test registers its client and its people by PUT /judge/clients/ID and
// PUT /judge/people/ID before it sends anybody here.

import { createServer } from 'node:http'
import { Provider } from 'oidc-provider'

// Node 20 has no such function, which the package asks for.
URL.parse ??= (text, base) => {
  try {
    return new URL(text, base)
  } catch {
    return null
  }
}

const clients = new Map()
const people = new Map()
const rows = new Map()

// Everything in memory. Clients come from the test, whose server has an address only when it runs.
class Adapter {
  constructor(kind) {
    this.kind = kind
  }

  key(id) {
    return `${this.kind}:${id}`
  }

  async upsert(id, payload) {
    rows.set(this.key(id), payload)
  }

  async find(id) {
    return this.kind === 'Client' ? clients.get(id) : rows.get(this.key(id))
  }

  async findByUid(uid) {
    for (const [key, row] of rows) if (key.startsWith(this.key('')) && row.uid === uid) return row
    return undefined
  }

  async findByUserCode() {
    return undefined
  }

  async consume(id) {
    rows.get(this.key(id)).consumed = Math.floor(Date.now() / 1000)
  }

  async destroy(id) {
    rows.delete(this.key(id))
  }

  async revokeByGrantId(grantId) {
    for (const [key, row] of rows) if (row.grantId === grantId) rows.delete(key)
  }
}

// Whoever signs in has agreed to everything.
const loadExistingGrant = async ctx => {
  const { provider, client, session } = ctx.oidc
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId })
  grant.addOIDCScope('openid email profile org')
  await grant.save()
  return grant
}

// Its own page for that wants fonts from the network.
const logoutSource = async (ctx, form) => {
  ctx.body = `<!doctype html><title>Sign out at the judge</title>${form}
<button form="op.logoutForm" name="logout" value="yes">Yes, sign me out</button>`
}

const seconds = 600

const provide = issuer =>
  new Provider(issuer, {
    adapter: Adapter,
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], org: ['org', 'groups'] },
    cookies: { keys: ['a key of the tests'] },
    features: {
      backchannelLogout: { enabled: true },
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: true, logoutSource },
    },
    // It speaks to no address of its own network, which is where the test's server is.
    fetch: (url, { dispatcher: _, ...options }) => fetch(url, options),
    findAccount: (_, id) => people.has(id) && { accountId: id, claims: () => ({ sub: id, ...people.get(id) }) },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    loadExistingGrant,
    pkce: { required: () => true },
    ttl: { AccessToken: seconds, AuthorizationCode: 60, Grant: seconds, IdToken: seconds, Interaction: seconds, Session: seconds },
  })

const form = action => `<!doctype html><title>Sign in at the judge</title><h1>Sign in at the judge</h1>
<form method="post" action="${action}"><label>Login <input name="login" required></label><button>Continue</button></form>`

const read = async request => {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}

// A form of one field stands for however a provider knows its people.
const interact = async (provider, request, response) => {
  if (request.method !== 'POST') {
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end(form(request.url))
    return
  }
  const accountId = new URLSearchParams(await read(request)).get('login')
  const result = people.has(accountId) ? { login: { accountId } } : { error: 'access_denied' }
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false })
}

const register = async (request, response) => {
  const [, , kind, id] = request.url.split('/')
  const known = { clients, people }[kind]
  known.set(id, JSON.parse(await read(request)))
  response.statusCode = 204
  response.end()
}

const server = createServer()
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://localhost:${server.address().port}`
  const provider = provide(issuer)
  provider.on('server_error', (_, error) => console.error(error))
  provider.on('backchannel.error', (_, error) => console.error(error))
  const answer = provider.callback()
  server.on('request', (request, response) => {
    if (request.url.startsWith('/judge/')) return register(request, response)
    if (request.url.startsWith('/interaction/')) return interact(provider, request, response)
    return answer(request, response)
  })
  console.log(`listening on ${issuer}`)
})

// The handshake of hashicorp/go-plugin with its certificates, as plugins/proto/README.md has it.
import 'reflect-metadata'
import { randomBytes, webcrypto } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as grpc from '@grpc/grpc-js'
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader'
import { BasicConstraintsExtension, SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509'
import contract from '../../../plugins/proto/released.binpb'

const maxRequest = 4 << 20
const version = 1

// serve serves an object with the methods describe, configure, evaluate and facts, as far as there are any. What a method throws is the
// error of the call.
export function serve(plugin) {
  if (process.env.CHECKOUT_PLUGIN !== 'checkout.plugin') {
    console.error(`${plugin.describe().name} is a plugin of Checkout and is not run by hand. Put it into the folder of plugins.`)
    process.exit(2)
  }
  listen(plugin).catch((error) => {
    console.error(error)
    process.exit(1)
  })
}

async function listen(plugin) {
  const server = new grpc.Server({ 'grpc.max_receive_message_length': maxRequest })
  const definition = loadFileDescriptorSetFromBuffer(Buffer.from(contract), { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true })
  const methods = {}
  for (const name of ['Describe', 'Configure', 'Evaluate', 'Facts']) {
    if (plugin[name.toLowerCase()]) methods[name] = unary(plugin[name.toLowerCase()], name === 'Configure')
  }
  server.addService(grpc.loadPackageDefinition(definition).checkout.plugin.v1.Plugin.service, methods)
  server.addService(bytes('/grpc.health.v1.Health/Check'), { call: health })
  server.addService(bytes('/plugin.GRPCController/Shutdown'), {
    call: (_, done) => {
      done(null, Buffer.alloc(0))
      setImmediate(() => stop(server))
    },
  })
  const { credentials, certificate } = await secure()
  const onWindows = process.platform === 'win32'
  const path = join(process.env.PLUGIN_UNIX_SOCKET_DIR || tmpdir(), `plugin${randomBytes(6).toString('hex')}`)
  const port = await new Promise((resolve, reject) => {
    server.bindAsync(onWindows ? '127.0.0.1:0' : `unix:${path}`, credentials, (error, bound) => (error ? reject(error) : resolve(bound)))
  })
  endWithParent(server)
  process.on('SIGINT', () => {}) // Ctrl-C is for Checkout, which then ends its plugins
  process.stdout.write(`1|${version}|${onWindows ? `tcp|127.0.0.1:${port}` : `unix|${path}`}|grpc|${certificate}\n`)
}

// unary makes a handler of a method. Wrong settings have a code of their own.
function unary(method, settings) {
  return (call, done) => {
    Promise.resolve()
      .then(() => method(call.request))
      .then((response) => done(null, response))
      .catch((error) => {
        if (!settings) console.error(error)
        done({ code: settings ? grpc.status.INVALID_ARGUMENT : grpc.status.INTERNAL, message: error.message.slice(0, 1000) })
      })
  }
}

// bytes describes a service with one method whose messages are so small that they are written by hand.
function bytes(path) {
  const same = (message) => message
  return {
    call: { path, requestStream: false, responseStream: false, requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same },
  }
}

// health says SERVING, 1 in field 1, of the service "plugin", in field 1 of the request.
function health(call, done) {
  if (call.request.subarray(2).toString() !== 'plugin') return done({ code: grpc.status.NOT_FOUND, message: 'unknown service' })
  done(null, Buffer.from([0x08, 0x01]))
}

// secure returns what the server shows and whom it accepts: with a certificate of one use each, when Checkout has sent its own.
async function secure() {
  const client = process.env.PLUGIN_CLIENT_CERT
  if (!client) return { credentials: grpc.ServerCredentials.createInsecure(), certificate: '' }
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const day = 24 * 60 * 60 * 1000
  const own = await X509CertificateGenerator.createSelfSigned(
    {
      name: 'CN=localhost',
      notBefore: new Date(Date.now() - day),
      notAfter: new Date(Date.now() + 30 * 365 * day),
      signingAlgorithm: algorithm,
      keys,
      extensions: [new BasicConstraintsExtension(true, undefined, true), new SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }])],
    },
    webcrypto,
  )
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  return {
    credentials: grpc.ServerCredentials.createSsl(
      Buffer.from(client),
      [{ private_key: Buffer.from(`-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`), cert_chain: Buffer.from(own.toString('pem')) }],
      true,
    ),
    certificate: Buffer.from(own.rawData).toString('base64').replace(/=+$/, ''),
  }
}

// stop lets calls under way end, but not for long. grpc-js removes the socket.
function stop(server) {
  server.tryShutdown(() => process.exit(0))
  setTimeout(() => {
    server.forceShutdown()
    process.exit(0)
  }, 500)
}

// endWithParent ends the plugin when Checkout is gone; a process whose parent has died gets another.
function endWithParent(server) {
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) stop(server)
  }, 250).unref()
}

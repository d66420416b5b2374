"""Alive because an event loop, a reactor or a crawler calls it: one look-alike a section."""

# ruff: noqa: ARG001, ARG002, ARG003, E402, ERA001, N802, RUF012
# mypy: ignore-errors

# lookalike: zope-implementer
from twisted.application.service import IService
from zope.interface import implementer


@implementer(IService)
class Bell:
    running = 0

    def privilegedStartService(self):
        self.running = 1

    def disownServiceParent(self):
        self.running = 0


# lookalike: twisted-line-receiver
from twisted.internet.protocol import Factory
from twisted.protocols.basic import LineReceiver


class Echo(LineReceiver):
    delimiter = b"\n"

    def lineReceived(self, line):
        self.sendLine(line)

    def connectionLost(self, reason):
        self.peer = None


class Echoes(Factory):
    protocol = Echo


# lookalike: twisted-connection-made
from twisted.protocols import basic


class ReadsLines(basic.NetstringReceiver):
    MAX_LENGTH = 2**20

    def connectionMade(self):
        self.factory.connected(self)

    def stringReceived(self, string):
        self.factory.got(string)


# lookalike: twisted-perspective-broker
from twisted.spread import pb


class Worker(pb.Referenceable):
    def remote_startJob(self, name, args):
        return name, args

    def remote_interruptJob(self, job_id, why):
        return job_id, why


# lookalike: scrapy-spider
import scrapy


class ShelfSpider(scrapy.Spider):
    name = "shelf"
    start_urls = ["https://example.org/shelf"]
    custom_settings = {"DOWNLOAD_DELAY": 2}

    def parse(self, response):
        yield {"title": response.css("h1::text").get()}


# lookalike: scrapy-pipeline
class NoTwins:
    def open_spider(self, spider):
        self.seen = set()

    def process_item(self, item, spider):
        self.seen.add(item["title"])
        return item


# lookalike: scrapy-middleware
class PoliteMiddleware:
    @classmethod
    def from_crawler(cls, crawler):
        return cls()

    def process_request(self, request, spider):
        request.headers["From"] = "desk@example.org"

    def process_response(self, request, response, spider):
        return response


# lookalike: tornado-verbs
import tornado.web


class ReaderHandler(tornado.web.RequestHandler):
    async def prepare(self):
        self.reader = None

    async def get(self, reader_id):
        self.write({"id": reader_id})

    def post(self, reader_id):
        self.set_status(201)


application = tornado.web.Application([(r"/readers/(\d+)", ReaderHandler)])

# lookalike: asyncio-protocol
import asyncio


class Counting(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(str(len(data)).encode())

    def eof_received(self):
        return False


async def serve():
    return await asyncio.get_running_loop().create_server(Counting, "127.0.0.1", 0)


asyncio.run(serve())

# lookalike: pykka-actor
import pykka


class Frontend(pykka.ThreadingActor):
    def on_start(self):
        self.clients = []

    def on_stop(self):
        self.clients.clear()


# lookalike: locust-listener
from locust import HttpUser, events, task


@events.test_start.add_listener
def tell_when_it_begins(environment, **kwargs):
    print(environment.host)


class Visitor(HttpUser):
    min_wait = 100

    @task(3)
    def read_the_front_page(self):
        self.client.get("/")


# lookalike: mitmproxy-addon
class CountsFlows:
    def load(self, loader):
        loader.add_option("quiet", bool, False, "say less")

    def response(self, flow):
        flow.response.headers["x-count"] = "1"


addons = [CountsFlows()]

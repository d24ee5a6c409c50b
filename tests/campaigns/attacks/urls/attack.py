def fetched():
    import urllib.request

    return urllib.request.urlopen("http://127.0.0.1:9/", timeout=0.3)


def looped():
    import asyncio

    async def serve():
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        return server.sockets[0]  # a server without a socket is none

    return asyncio.run(serve())


def connected():
    import http.client

    connection = http.client.HTTPConnection("localhost", 9, timeout=0.3)
    return connection.request("GET", "/") or 1


attempt(fetched, connected, looped)

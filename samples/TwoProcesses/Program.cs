using System.Diagnostics;
using TwoProcesses;

const string Usage = """
    dotnet run -c Release --project samples/TwoProcesses -- [--transport tcp|unix|grpc|zeromq] [tasks]     submits from this process, and works in another one
    dotnet run -c Release --project samples/TwoProcesses -- [--transport tcp|unix|grpc|zeromq] worker NAME     one more worker, until Ctrl-C
    """;

var (name, words) = args is ["--transport", var named, .. var rest] ? (named, rest) : ("tcp", args);
var transport = Transport.All.FirstOrDefault(one => one.Name == name);
if (transport is not null && words is ["worker", var node])
{
    await Worker.RunAsync(node, transport);
    return 0;
}

var tasks = 20;
if (transport is null || words.Length > 1 || (words.Length == 1 && (!int.TryParse(words[0], out tasks) || tasks is < 1 or > 100_000)))
{
    Console.Error.WriteLine(Usage);
    return args is ["--help"] ? 0 : 2;
}

using var worker = Process.Start("dotnet", [typeof(Worker).Assembly.Location, "--transport", name, "worker", "worker-1"]);
try
{
    await Submitter.RunAsync(transport, tasks);
    return 0;
}
finally
{
    worker.Kill();      // as good an end as any: nothing that it held is lost
}

using System.Diagnostics;
using TwoProcesses;

const string Usage = """
    dotnet run -c Release --project samples/TwoProcesses [-- tasks]     submits from this process, and works in another one
    dotnet run -c Release --project samples/TwoProcesses -- worker NAME ADDRESS    one more worker, until Ctrl-C
    """;

if (args is ["worker", var name, var scheduler])
{
    await Worker.RunAsync(name, scheduler);
    return 0;
}

var tasks = 20;
if (args.Length > 1 || (args.Length == 1 && (!int.TryParse(args[0], out tasks) || tasks is < 1 or > 100_000)))
{
    Console.Error.WriteLine(Usage);
    return args is ["--help"] ? 0 : 2;
}

const string Address = "tcp://127.0.0.1:7400";
using var worker = Process.Start("dotnet", [typeof(Worker).Assembly.Location, "worker", "worker-1", Address]);
try
{
    await Submitter.RunAsync(Address, tasks);
    return 0;
}
finally
{
    worker.Kill();      // as good an end as any: nothing that it held is lost
}

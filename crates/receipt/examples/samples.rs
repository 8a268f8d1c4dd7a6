//! Draws receipts for the eyes: `cargo run -p billing-receipt --example samples -- FOLDER`, before and after a change of
//! the design.

use std::error::Error;
use std::path::PathBuf;

use billing_receipt::{Entry, Fact, Fonts, Han, Moment, Paper, Party, Receipt, draw_receipt};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("name a folder to write to")?);
    std::fs::create_dir_all(&folder)?;
    let fonts = Fonts::in_folders(&Fonts::system_folders());
    for (name, receipt) in sample_receipts() {
        for (paper, suffix) in [(Paper::A4, "a4"), (Paper::Letter, "letter")] {
            std::fs::write(folder.join(format!("{name}-{suffix}.pdf")), draw_receipt(&receipt, paper, &fonts)?.pdf)?;
        }
    }
    let nothing = Fonts::in_folders(&[]);
    let (_, receipt) = sample_receipts().swap_remove(1);
    std::fs::write(folder.join("no-fonts-a4.pdf"), draw_receipt(&receipt, Paper::A4, &nothing)?.pdf)?;
    Ok(())
}

fn sample_receipts() -> Vec<(&'static str, Receipt)> {
    let plain =
        sample_receipt("Northwind Dental, LLC", "1200 Market Street, Suite 400\nChicago, IL 60607\nUnited States", 0);
    let scripts = sample_receipt(
        "Ελληνική Εταιρεία · Общество · شركة النور للاتصالات · חברת הצפון בע\"מ · नॉर्थविंड डेंटल · บริษัท ทันตกรรม",
        "株式会社ノースウィンド歯科 東京都千代田区丸の内一丁目\n서울특별시 중구 세종대로 110\nعمارة ١٢، شارع 26 July، القاهرة\nรถไฟฟ้าสายสีเขียว ถนนสุขุมวิท แขวงคลองเตย\nTừ Liêm, Hà Nội",
        2,
    );
    let arabic = sample_receipt(
        "شركة النور للاتصالات والذكاء الاصطناعي ذ.م.م (AI Voice)",
        "شارع الملك فهد ١٢٣\nالرياض 11564\nالمملكة العربية السعودية",
        1,
    );
    let long = sample_receipt(
        &"Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft ".repeat(2),
        &"A very long line of an address that somebody wrote without any line breaks at all, ".repeat(6),
        40,
    );
    vec![("plain", plain), ("scripts", scripts), ("arabic", arabic), ("long", long)]
}

fn sample_receipt(name: &str, address: &str, refunds: u8) -> Receipt {
    let party = |name: &str, address: &str, tax_id: &str| Party {
        name: name.trim().to_owned(),
        address: address.trim().to_owned(),
        tax_id: tax_id.to_owned(),
    };
    let refund = |number: u8| Entry {
        title: "Refund".to_owned(),
        note: format!("{} December 2026 · Double booking {number}", number + 1),
        amount: "−1.25 USD".to_owned(),
    };
    let paid = Entry {
        title: "Wallet top-up".to_owned(),
        note: "Prepaid balance for calls and AI tasks".to_owned(),
        amount: "1,250.00 USD".to_owned(),
    };
    let fact = |label, value: &str| Fact { label, value: value.to_owned() };
    Receipt {
        number: "R-8F3K-2MXQ-7HTB-09CD".to_owned(),
        paid_at: Moment { year: 2026, month: 11, day: 27, hour: 20, minute: 54, second: 7 },
        banner: Some("Sandbox: no real money".to_owned()),
        customer: party(name, address, "US 12-3456789"),
        seller: party("Nexis Voice, Inc.", "500 Howard Street\nSan Francisco, CA 94105\nUnited States", "94-1234567"),
        facts: vec![
            fact("Receipt number", "R-8F3K-2MXQ-7HTB-09CD"),
            fact("Date paid", "27 November 2026, 14:54 (America/Chicago, UTC−06:00)"),
            fact("Payment method", "Visa •• 4242"),
            fact("Status", if refunds > 0 { "Partly refunded" } else { "Paid" }),
            fact("Reference", "0193705d-3c6a-7e2b-9a55-1b7f0f3c9e21"),
        ],
        entries: std::iter::once(paid).chain((0..refunds).map(refund)).collect(),
        total: Entry { title: "Net paid".to_owned(), note: String::new(), amount: "1,200.00 USD".to_owned() },
        notes: vec!["A receipt for a prepaid balance; it is no tax invoice.".to_owned()],
        han: Han::Simplified,
    }
}
